Feature: Answers take their time, and nobody waits for it
  The world's time passes as scenarios say: what is due happens in its order, what is due later does not happen yet.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And jane@client.example answers every message after 2 hours

  @R4.1 @R6.1
  Scenario: An answer is there when its time has come, and not before
    When action 1234 writes to jane@client.example
    And 1 hour has passed
    And the practice collects its mail
    Then nobody inside holds anything
    When 61 minutes have passed
    And the practice collects its mail
    Then the reply is delivered to action 1234
    And nothing is lost

  @R4.1 @R6.1
  Scenario: Answers come in the order of their times, not of the letters
    Given peter@shop.example answers every message after 30 minutes
    When action 1234 writes to jane@client.example
    And action 1234 writes to peter@shop.example
    And 90 minutes have passed
    And the practice collects its mail
    Then action 1234 holds 1 copy
    When 1 day has passed
    And the practice collects its mail
    Then action 1234 holds 2 copies
    And nothing is lost

  @R4.1
  Scenario: A practice that polls collects at its times, and not before
    Given the practice collects every 5 minutes
    When peter@shop.example writes to a1234@abc.com
    And 4 minutes have passed
    Then nobody inside holds anything
    When 2 minutes have passed
    Then action 1234 holds 1 copy
    And nothing is lost
