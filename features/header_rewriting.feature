Feature: What a provider writes over a sender can be read in the header that arrives
  A server that rewrites puts its account in From. What becomes of the rest - the old From, Reply-To, Sender, the
  Message-ID, the envelope - each provider does its own way. Here a letter to another action goes out and comes back
  through the provider, and the action's copy shows its header.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And the practice has user ann
    And internal mail goes out and comes back through the provider

  Rule: From is the sender's own, the account's, or the letter does not leave

    @R5.3
    Scenario: A provider that accepts any sender changes nothing
      Given a provider that accepts foreign senders
      When action 1234 writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "a1234@abc.com"
      And the last copy of action 7 has Return-Path "<a1234@abc.com>"
      And the last copy of action 7 has no Sender
      And the last copy of action 7 has no Reply-To

    @R5.3
    Scenario: A provider that rewrites puts the account there, and in the envelope
      Given a provider that rewrites foreign senders
      When action 1234 writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "matters@abc.com"
      And the last copy of action 7 has Return-Path "<matters@abc.com>"

    @R5.3 @R3.4
    Scenario: It lets Reply-To stand
      Given a provider that rewrites foreign senders
      And the practice puts the action address in both
      When action 1234 writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "matters@abc.com"
      And the last copy of action 7 has Reply-To "a1234@abc.com"

    @R5.3
    Scenario: An address that is registered as send-as stands too
      Given a provider that rewrites foreign senders
      And a1234@abc.com is registered at the provider as a send-as address
      When action 1234 writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "a1234@abc.com"
      And the last copy of action 7 has Return-Path "<matters@abc.com>"

    @R5.3
    Scenario: Who may send on behalf of others is named in Sender
      Given a provider that rewrites foreign senders
      And the provider lets any account send on behalf of others
      When action 1234 writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "a1234@abc.com"
      And the last copy of action 7 has Sender "matters@abc.com"

    @R5.3
    Scenario: Who writes as the account itself needs no Sender
      Given the provider lets any account send on behalf of others
      When the practice writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "matters@abc.com"
      And the last copy of action 7 has no Sender

  Rule: Gmail keeps the old From in a field of its own

    Background:
      Given the provider is gmail

    @R5.3 @R5.7
    Scenario: The account is the author, and the old From is told
      When action 1234 writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "matters@abc.com"
      And the last copy of action 7 has X-Google-Original-From "a1234@abc.com"
      And the last copy of action 7 has no Sender
      And the last copy of action 7 has Message-ID "<0.1.a1234@abc.com>"

    @R5.3 @R5.7
    Scenario: Under a send-as address Sender and envelope are the account's
      Given a1234@abc.com is registered at the provider as a send-as address
      When action 1234 writes to a7@abc.com and jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "a1234@abc.com"
      And the last copy of action 7 has Sender "matters@abc.com"
      And jane@client.example gets a message from matters@abc.com
      And the last copy of action 7 has no X-Google-Original-From

    @R5.3 @R5.7
    Scenario: The account in other letters counts as foreign
      When user ann writes to a7@abc.com and jane@client.example as Matters@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "matters@abc.com"
      And the last copy of action 7 has X-Google-Original-From "Matters@abc.com"

  Rule: Relays put their own address into the envelope

    Background:
      Given a1234@abc.com is registered at the provider as a send-as address
      And the provider forwards mail that no mailbox takes to matters@abc.com

    @R5.3 @R5.7
    Scenario Outline: The header's senders stay, the envelope is the relay's
      Given the provider is <provider>
      When action 1234 writes to a7@abc.com and jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has From "a1234@abc.com"
      And the last copy of action 7 has Return-Path "<path>"
      And jane@client.example gets a message from <bounces>

      Examples:
        | provider | bounces               | path                    |
        | ses      | bounces@amazonses.com | <bounces@amazonses.com> |
        | mailgun  | bounces@mailgun.org   | <bounces@mailgun.org>   |

    @R5.3 @R5.7
    Scenario: Mailgun names the account in Sender
      Given the provider is mailgun
      When action 1234 writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the last copy of action 7 has Sender "matters@abc.com"

    @R5.3 @R5.7 @R4.10
    Scenario: Amazon SES gives each message a Message-ID of its own, and no thread leads back
      Given the provider is ses
      And the practice also goes by the thread of a message
      And jane@client.example answers every message
      When the practice writes to jane@client.example
      And action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then Unassigned holds 1 copy
      And action 1234 holds 1 copy
      And 2 stories are told
      And nothing is lost

    @R5.3 @R5.7 @R4.10
    Scenario Outline: So an answer to the mailbox itself is not known as one
      Given the provider is <provider>
      And the practice also goes by the thread of a message
      And the practice puts the action address in Reply-To
      And jane@client.example answers every message, ignoring Reply-To
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then <target> holds 1 copy

      Examples:
        | provider | target      |
        | ses      | Unassigned  |
        | mailgun  | action 1234 |
