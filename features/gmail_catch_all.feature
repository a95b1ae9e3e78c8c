Feature: A catch-all mailbox at Gmail works, though its header names the mailbox alone
  Gmail writes Delivered-To with the mailbox that a message lies in, not with the address it was sent to. So the practice
  guesses from To and Cc, and says so; a letter that names nobody there is seen by a person.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has users mary and john
    And the alias sales@abc.com leads to mary and john
    And the provider is gmail

  @R4.4 @R5.1
  Scenario: A message to an action
    When jane@client.example writes to a1234@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then the message is delivered to action 1234
    And the decision was a guess
    And the evidence of R4.4 says "Delivered-To: matters@abc.com"

  @R4.4 @R4.6
  Scenario: A message to an alias, with a copy for an action
    When this message comes for sales@abc.com and a1234@abc.com:
      """
      From: jane@client.example
      To: sales@abc.com
      Cc: a1234@abc.com

      Hello
      """
    And all mail has arrived
    And the practice collects its mail
    Then action 1234 holds 1 copy
    And each of mary and john holds one copy
    And nothing is lost

  @R4.4 @R4.7
  Scenario: A blind copy names nobody, and is seen by a person
    When this message comes for a1234@abc.com:
      """
      From: jane@client.example
      To: jane@client.example

      Hello
      """
    And all mail has arrived
    And the practice collects its mail
    Then the message lands in Unassigned because it is for the system mailbox itself

  @R4.3 @R1.10
  Scenario: Gmail can be told to write the recipient, and then nothing is guessed
    Given the catch-all header is X-Gm-Original-To
    When this message comes for a1234@abc.com:
      """
      From: jane@client.example
      To: jane@client.example
      X-Gm-Original-To: a1234@abc.com

      Hello
      """
    And all mail has arrived
    And the practice collects its mail
    Then the message is delivered to action 1234
    And the decision was no guess
