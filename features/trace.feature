Feature: Every hop is on record, and no message is ever nowhere
  The record tells when, which message, where, what happened and why. From it a run can be told, held to the law that
  mail is conserved, played again, and compared with another.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And a provider that accepts foreign senders
    And jane@client.example answers every message

  @R6.1
  Scenario: A letter and its reply are one story
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the letter, its reply and their copies bear one trace id

  @R6.1
  Scenario: Each hop is told, in order
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the story of the letter is:
      | composed  | practice            |
      | submitted | practice            |
      | accepted  | smtp.abc.com        |
      | relayed   | smtp.abc.com        |
      | stored    | jane@client.example |
      | replied   | jane@client.example |
      | relayed   | mx.client.example   |
      | stored    | matters@abc.com     |
      | collected | practice            |
      | decided   | practice            |
      | delivered | action:1234         |
      | removed   | matters@abc.com     |

  @R6.1
  Scenario: Two letters are two stories
    When action 1234 writes to jane@client.example
    And action 1234 writes to jane@client.example
    And all mail has arrived
    Then 2 stories are told

  @R6.2
  Scenario Outline: Mail is conserved, whatever becomes of it
    Given the provider <does> mail that no mailbox takes
    When these people write:
      | jane@client.example | a1234@abc.com   |
      | peter@shop.example  | nobody@abc.com  |
      | anna@shop.example   | matters@abc.com |
    And action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then nothing is lost

    Examples:
      | does     |
      | discards |
      | refuses  |

  @R6.2
  Scenario: Mail that is still on its way is not lost
    When jane@client.example writes to a1234@abc.com
    Then nothing is lost
    And the mailbox at the provider holds 1 message

  @R6.2 @wire
  Scenario: Mail that somebody else took out of the mailbox is told as lost, each message by its name
    When these people write:
      | jane@client.example | a1234@abc.com |
      | peter@shop.example  | a1234@abc.com |
    And all mail has arrived
    And another program empties the mailbox at the provider
    And anna@shop.example writes to a1234@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then action 1234 holds 1 copy
    And 2 messages are told as lost

  @R6.3
  Scenario: The same scenario and seed give the same trace
    Given the provider is gmail
    And the fault "pop:RETR:1:drop@40"
    And peter@shop.example answers every message after 2 hours
    When action 1234 writes to jane@client.example and peter@shop.example
    And all mail has arrived
    And jane@client.example writes to a99@abc.com
    And the practice collects its mail
    Then played again, the same happens

  @R6.4
  Scenario: A run can be played again at another provider, and compared
    Given a provider that rewrites foreign senders
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the reply lands in Unassigned because the sender was rewritten
    And played at postfix instead, 1 message would end otherwise
