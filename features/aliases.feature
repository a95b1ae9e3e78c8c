Feature: An alias reaches everybody linked to it, once
  People of the practice have no addresses but aliases: sales@abc.com stands for the mailboxes of mary and john.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has users mary, john and ann
    And the alias sales@abc.com leads to mary and john

  @R4.6
  Scenario: Each linked mailbox gets one copy
    When jane@client.example writes to sales@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then the message is delivered to mary's mailbox and john's mailbox
    And each of mary and john holds one copy
    And ann's mailbox holds 0 copies

  @R4.6
  Scenario: A mailbox that two aliases of one message reach gets one copy
    Given the alias contracts@abc.com leads to john and ann
    And the provider is gmail
    When this message comes for matters@abc.com:
      """
      From: jane@client.example
      To: sales@abc.com, contracts@abc.com

      Hello
      """
    And all mail has arrived
    And the practice collects its mail
    Then each of mary, john and ann holds one copy

  @R4.6
  Scenario: An alias without mailboxes is seen by a person
    Given the alias old@abc.com is linked to no mailbox
    When jane@client.example writes to old@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then the message lands in Unassigned because the alias has no mailboxes

  @R4.6
  Scenario: A user's name is no address
    When jane@client.example writes to mary@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then the message lands in Unassigned because nobody has that address

  @R4.5 @R4.6
  Scenario: Where an alias looks like an action's address, the action wins
    Given the alias a1234@abc.com leads to ann
    When jane@client.example writes to a1234@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then the message is delivered to action 1234
    And ann's mailbox holds 0 copies

  @R4.6
  Scenario: An alias that names an unknown mailbox is a fault
    Given the alias info@abc.com leads to peter
    When the settings are read
    Then the settings are refused because "peter"
