Feature: A single mailbox is one address, and mail to it is seen by a person
  A practice without a domain of its own collects one address at a public provider. Its actions have no addresses there.

  Background:
    Given a practice whose single mailbox is abc@bigmail.example
    And the practice has action 1234
    And the practice has user mary

  @R1.1 @R4.3
  Scenario: Mail to the address lands in Unassigned
    When jane@client.example writes to abc@bigmail.example
    And all mail has arrived
    And the practice collects its mail
    Then the message lands in Unassigned because it is for the system mailbox itself

  @R4.3 @R4.6
  Scenario: Unless an alias stands for it
    Given the alias abc@bigmail.example leads to mary
    When jane@client.example writes to abc@bigmail.example
    And all mail has arrived
    And the practice collects its mail
    Then the message is delivered to mary's mailbox

  @R3.1 @R1.4
  Scenario: A letter from an action has the mailbox's address as its sender
    When action 1234 writes to jane@client.example
    Then the letter has From "abc@bigmail.example"
    And the letter has no Reply-To

  @R4.7
  Scenario: The reply lands in Unassigned, and says whom it was meant for
    Given jane@client.example answers every message
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the reply lands in Unassigned because the sender was rewritten
    And the reply was meant for action 1234

  @R4.10
  Scenario: Going by the thread brings it to the action
    Given jane@client.example answers every message
    And the practice also goes by the thread of a message
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the reply is delivered to action 1234
    And the reply is delivered because of the thread

  @R1.1 @R5.1
  Scenario: Mail to other addresses of the provider is none of the practice's
    When jane@client.example writes to somebody@bigmail.example
    And all mail has arrived
    And the practice collects its mail
    Then nobody inside holds anything
    And nothing is lost
