Feature: Practices write to each other
  Each has a domain, a provider and actions of its own; what one sends the other gets over the internet.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And another practice whose catch-all mailbox is office@xyz.example has action 7

  @R4.1 @R4.5
  Scenario: A letter between two actions is answered into the one that asked
    When action 1234 writes to a7@xyz.example
    And the practice collects its mail
    Then nobody inside holds anything
    When the practice at xyz.example collects its mail
    Then the message is delivered to action 7 of xyz.example
    When action 7 of xyz.example writes to a1234@abc.com
    And the practice collects its mail
    Then the message is delivered to action 1234
    And the copies are:
      | action 1234             | 1 |
      | action 7 of xyz.example | 1 |
    And nothing is lost

  @R4.7
  Scenario: What nobody of the other practice has lands in its own Unassigned
    When action 1234 writes to a1234@xyz.example
    And the practice at xyz.example collects its mail
    Then Unassigned of xyz.example holds 1 copy
    And Unassigned holds 0 copies
    And the last copy of Unassigned of xyz.example has From "a1234@abc.com"

  @R5.3
  Scenario: The provider of the one rewrites, that of the other does not
    Given a provider that rewrites foreign senders
    And jane@client.example answers every message
    When action 1234 writes to jane@client.example
    And action 7 of xyz.example writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the message lands in Unassigned because the sender was rewritten
    And the message was meant for action 1234
    When the practice at xyz.example collects its mail
    Then the message is delivered to action 7 of xyz.example

  @R1.1
  Scenario: Another practice has settings and a provider of its own
    Given another practice with these tables:
      """
      provider = { sender_policy = "rewrite" }
      user = [{ name = "ann" }]
      alias = [{ address = "ann@third.example", mailboxes = ["ann"] }]

      [mailbox]
      type = "catch-all"
      default_sender = "desk@third.example"
      fallback_address = "fallback@elsewhere.example"
      """
    When action 7 of xyz.example writes to ann@third.example
    And the practice at third.example collects its mail
    Then the message is delivered to ann's mailbox of third.example

  @R3.8
  Scenario: A server outside that is busy gets the letter later
    Given the server mx.client.example outside has the fault "mx:RCPT:1:reply 451 4.3.0 try later"
    And jane@client.example answers every message
    When action 7 of xyz.example writes to jane@client.example
    And all mail has arrived
    And the practice at xyz.example collects its mail
    Then mail for jane@client.example was put off 1 time
    And the reply is delivered to action 7 of xyz.example
    And nothing is lost
