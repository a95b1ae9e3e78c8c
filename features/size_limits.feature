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

  @R3.7 @R5.4 @R3.8
  Scenario: A letter over the provider's limit too is warned of, and refused
    Given the provider takes messages of at most 11 MB
    When action 1234 writes to jane@client.example with a 9 MB attachment
    Then the practice is warned of "12914578 octets as transmitted, over the recommended 10485760 (10 MB); refused by smtp.abc.com (11534336 octets)"
    And the practice is told 552 and "octets"
    And nothing is lost

  Rule: It is refused before it is sent where the server announced its limit, else when all of it is there (RFC 1870)

    @R5.4
    Scenario: At MAIL, and nothing more is asked
      Given the fault "smtp:RCPT:1:reply 554 5.7.1 MAIL was taken"
      When action 1234 writes to jane@client.example with a 2 MB attachment
      Then the practice is told 552 and "5.3.4"
      And the fault "smtp:RCPT:1:reply 554 5.7.1 MAIL was taken" has not struck

    @R5.4
    Scenario: After DATA
      Given the fault "smtp:EHLO:every:without SIZE"
      When action 1234 writes to jane@client.example with a 2 MB attachment
      Then the practice is told 552 and "5.3.4"
      And jane@client.example gets nothing
      And nothing is lost

    @R5.4
    Scenario: And not before
      Given the fault "smtp:EHLO:every:without SIZE"
      And the fault "smtp:RCPT:1:reply 554 5.7.1 MAIL was taken"
      When action 1234 writes to jane@client.example with a 2 MB attachment
      Then the practice is told 554 and "MAIL was taken"

    @R5.4 @R3.8
    Scenario: Mail from outside whose size was declared
      Given the provider takes messages of at most 100 octets
      And the fault "mx:RCPT:1:reply 554 5.7.1 MAIL was taken"
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      Then a1234@abc.com was not reached because of "552 5.3.4"
      And jane@client.example is told that a1234@abc.com was not reached
      And the fault "mx:RCPT:1:reply 554 5.7.1 MAIL was taken" has not struck
      And nothing is lost

    @R5.4 @R3.8
    Scenario: Mail from outside whose size nobody declared
      Given the provider takes messages of at most 100 octets
      And the fault "mx:EHLO:every:without SIZE"
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      Then a1234@abc.com was not reached because of "552 5.3.4"
      And the mailbox at the provider is empty
      And nothing is lost

  Rule: The practice's advice and the provider's limit are two things

    @R3.7 @R5.4
    Scenario: Under both, nobody says a word
      When action 1234 writes to jane@client.example with a 600 KB attachment
      Then the practice is warned of nothing

    @R3.7 @R5.4
    Scenario: Over the provider's alone, the warning names the server and its limit
      When action 1234 writes to jane@client.example with a 2 MB attachment
      Then the practice is warned of "2870326 octets as transmitted; refused by smtp.abc.com (1048576 octets)"
      And the practice is told 552 and "1048576 octets"

    @R3.7 @R5.4
    Scenario: Over the recommended size alone, the warning names nobody, and the mail arrives
      Given the provider takes messages of at most 25 MB
      When action 1234 writes to jane@client.example with a 9 MB attachment
      Then the practice is warned of "12914578 octets as transmitted, over the recommended 10485760 (10 MB)"
      And jane@client.example gets 1 message

    @R3.7 @R5.4
    Scenario: What the practice may not send it may still collect, with a word in the evidence
      Given the provider takes messages of at most 25 MB
      When a message of 12 MB for a1234@abc.com is routed
      Then the message is delivered to action 1234
      And the evidence of R3.7 says "over the recommended"
