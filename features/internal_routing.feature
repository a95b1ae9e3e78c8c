Feature: Mail between the practice's own addresses is delivered inside, or goes the long way, as set
  Recipients inside are reached without SMTP, by default; the others of the same letter still leave through the SMTP server.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And the practice has users mary and john
    And the alias sales@abc.com leads to mary and john
    And a provider that accepts foreign senders

  Rule: Directly

    @R3.5
    Scenario: To an action and an alias
      When action 1234 writes to a7@abc.com and sales@abc.com
      Then the letter was not submitted
      And the copies are:
        | action 7       | 1 |
        | mary's mailbox | 1 |
        | john's mailbox | 1 |
      And nothing is lost

    @R3.5 @R3.6
    Scenario: The others of the same letter go by SMTP
      When action 1234 writes to a7@abc.com and jane@client.example
      Then the letter was submitted for jane@client.example
      And action 7 holds 1 copy
      And jane@client.example gets 1 message
      And nothing is lost

    @R3.5 @R3.6
    Scenario Outline: What is nobody's address inside goes out, and comes back
      When action 1234 writes to <address>
      Then the letter was submitted for <address>
      And nobody inside holds anything
      When all mail has arrived
      And the practice collects its mail
      Then the copies are:
        | Unassigned | 1 |

      Examples:
        | address         |
        | a99@abc.com     |
        | mary@abc.com    |
        | matters@abc.com |

    @R3.5
    Scenario: An alias on another domain is reached inside too
      Given the alias abc@partner.example leads to john
      When action 1234 writes to abc@partner.example
      Then the letter was not submitted
      And john's mailbox holds 1 copy

    @R3.5
    Scenario: In a single mailbox an action has no address, so a stranger may have it
      Given a practice whose single mailbox is abc@bigmail.example
      When the practice writes to a1234@bigmail.example
      Then the letter was submitted for a1234@bigmail.example
      And nobody inside holds anything

  Rule: Out and back through the provider

    Background:
      Given internal mail goes out and comes back through the provider

    @R3.5 @R4.14
    Scenario: To an action and somebody outside
      When action 1234 writes to a7@abc.com and jane@client.example
      Then the letter was submitted for a7@abc.com and jane@client.example
      And nobody inside holds anything
      When all mail has arrived
      And the practice collects its mail
      Then the copies are:
        | action 7 | 1 |
      And jane@client.example gets 1 message
      And nothing is lost

  Rule: All other mail leaves through the SMTP server that is set

    @R3.6
    Scenario: A server with a name
      Given the practice sends through "smtp.elsewhere.example" on port 587
      When action 1234 writes to jane@client.example
      Then the letter went through "smtp.elsewhere.example:587"
      And jane@client.example gets 1 message

    @R3.6 @R1.7
    Scenario: The system's own
      Given the practice sends through the system's own servers
      When action 1234 writes to jane@client.example
      Then the letter went through "localhost:587"
      And jane@client.example gets 1 message
