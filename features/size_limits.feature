Feature: A message that is too big is refused, and nobody has to guess why
  Sizes are those of the message as it is transmitted: an attachment grows by a third when it is encoded.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the provider takes messages of at most 1 MB

  @R5.4 @R3.8
  Scenario: A letter over the limit is refused by the practice's own server
    When action 1234 writes to jane@client.example with a 2 MB attachment
    Then the practice is told 552 and "1048576 octets"
    And jane@client.example gets nothing
    And nothing is lost

  @R5.4
  Scenario: An attachment under the limit may be a message over it
    When action 1234 writes to jane@client.example with a 800 KB attachment
    Then the practice is told 552 and "1048576 octets"

  @R5.4
  Scenario: One that fits goes through
    When action 1234 writes to jane@client.example with a 600 KB attachment
    And all mail has arrived
    Then jane@client.example gets 1 message

  @R5.4 @R3.8
  Scenario: Mail from outside over the limit goes back with the provider's words
    Given the provider takes messages of at most 100 octets
    When jane@client.example writes to a1234@abc.com
    And all mail has arrived
    Then jane@client.example is told that a1234@abc.com was not reached
    And the mailbox at the provider is empty
    And nothing is lost

  @R3.7 @R5.4
  Scenario: A letter over the recommended size is sent, with a warning of who would refuse it
    Given the provider takes messages of at most 14 MB
    When action 1234 writes to jane@client.example with a 9 MB attachment
    And all mail has arrived
    Then the practice is warned of "over the recommended"
    And jane@client.example gets 1 message

  @R3.7 @R5.4 @R3.8
  Scenario: A letter over the provider's limit too is warned of, and refused
    Given the provider takes messages of at most 11 MB
    When action 1234 writes to jane@client.example with a 9 MB attachment
    Then the practice is warned of "over the recommended"
    And the practice is warned of "smtp.abc.com"
    And the practice is told 552 and "octets"
    And nothing is lost
