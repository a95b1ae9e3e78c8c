Feature: One catch-all mailbox brings every message to where it belongs
  All mail of the domain waits in one mailbox. Each message finds its action by the address it was sent to, or a person
  sees it in Unassigned.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7

  Rule: The action's address leads to the action

    @R1.1 @R4.5
    Scenario Outline: However it is written
      When jane@client.example writes to <address>
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 1234
      And nothing is lost

      Examples:
        | address          |
        | a1234@abc.com    |
        | A1234@ABC.COM    |
        | a0001234@abc.com |

    @R4.5
    Scenario: A number without an action is seen by a person
      When jane@client.example writes to a99@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the message lands in Unassigned because no action has that number
      And the evidence of R4.5 says "no action has this ID"

    @R4.12
    Scenario: One message for two actions reaches both
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        Delivered-To: a1234@abc.com, a7@abc.com

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 1234

    @R4.12 @R4.4
    Scenario: Known recipients get it, the evidence names the others
      Given the provider is gmail
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        To: a1234@abc.com, nobody@abc.com

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 1234
      And the evidence of R4.12 says "nobody@abc.com"

  Rule: The header that tells the recipient is believed, and nothing else

    @R4.3 @R1.10
    Scenario: The header that is set wins over all others
      Given the catch-all header is X-For
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        To: a1234@abc.com
        X-For: a7@abc.com

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 7
      And its recipient was read from X-For

    @R4.3
    Scenario: Even when it names nobody whom the practice has
      Given the catch-all header is X-For
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        To: a1234@abc.com
        X-For: jane@client.example

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message lands in Unassigned because it is for another domain

    @R4.4
    Scenario: Where it is absent, To and Cc are asked, and the decision says that it guessed
      Given the catch-all header is X-For
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        To: somebody@client.example
        Cc: A7@abc.com

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 7
      And the decision was a guess

    @R4.4
    Scenario: With no header set, Delivered-To is read
      When jane@client.example writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 7
      And its recipient was read from Delivered-To

    @R4.4 @R4.7
    Scenario: A message that names nobody is seen by a person
      Given the provider is gmail
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        To: undisclosed-recipients:;

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message lands in Unassigned because it is for the system mailbox itself

  Rule: Whatever else can be read is seen by a person

    @R4.7
    Scenario Outline: Addresses that are nobody's
      When jane@client.example writes to <address>
      And all mail has arrived
      And the practice collects its mail
      Then the message lands in Unassigned because <reason>

      Examples:
        | address         | reason                              |
        | peter@abc.com   | nobody has that address             |
        | matters@abc.com | it is for the system mailbox itself |

  Rule: Collecting takes all that waits, and leaves nothing behind

    @R4.1
    Scenario: Three messages
      When jane@client.example writes to a1234@abc.com
      And jane@client.example writes to a7@abc.com
      And jane@client.example writes to peter@abc.com
      And all mail has arrived
      Then the mailbox at the provider holds 3 messages
      When the practice collects its mail
      Then the mailbox at the provider is empty
      And action 1234 holds 1 copy
      And action 7 holds 1 copy
      And Unassigned holds 1 copy
      And nothing is lost
