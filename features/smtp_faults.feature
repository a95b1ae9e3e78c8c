Feature: Whatever becomes of a line to an SMTP server, no letter is lost, and nobody gets one twice unseen
  `smtp:` is the server that the practice sends through, `mx:` the provider's server for mail from outside.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice sends through "smtp.abc.com" on port 587
    And jane@client.example answers every message

  Rule: A refusal is heard in the server's words, at whatever stage it comes

    @R3.8
    Scenario Outline: Refused - <fault>
      Given the fault "<fault>"
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then the practice is told 554 and "5.7.1 not you"
      And jane@client.example gets nothing
      And nothing is lost

      Examples:
        | fault                                   |
        | smtp:CONNECT:1:reply 554 5.7.1 not you  |
        | smtp:EHLO:every:reply 554 5.7.1 not you |
        | smtp:STARTTLS:1:reply 554 5.7.1 not you |
        | smtp:AUTH:1:reply 554 5.7.1 not you     |
        | smtp:MAIL:1:reply 554 5.7.1 not you     |
        | smtp:RCPT:1:reply 554 5.7.1 not you     |
        | smtp:DATA:1:reply 554 5.7.1 not you     |
        | smtp:DATA-END:1:reply 554 5.7.1 not you |

  Rule: What is put off is offered again, on a schedule, and given up at last

    @R3.8
    Scenario Outline: Put off - <fault>
      Given the fault "<fault>"
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then mail for jane@client.example was put off 1 time
      And the reply is delivered to action 1234
      And nothing is lost

      Examples:
        | fault                                                 |
        | smtp:RCPT:every:greylist                              |
        | smtp:RCPT=jane@client.example:1:reply 450 4.2.0 later |
        | smtp:CONNECT:1:drop                                   |
        | smtp:MAIL:next:reply 421 4.3.2 closing                |
        | smtp:DATA:1:drop@100                                  |
        | smtp:STARTTLS:1:expired-certificate                   |

    @R3.8
    Scenario: A server that never takes it
      Given the fault "smtp:MAIL:every:reply 451 4.3.0 later"
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then mail for jane@client.example was put off 9 times
      And the letter is given up because of 451
      And jane@client.example gets nothing
      And nothing is lost

  Rule: A reply that is lost after the final dot doubles a letter, and its second answer is recognised

    @R3.8 @R4.13
    Scenario: The server took it, and the practice does not know
      Given the fault "smtp:DATA-END:next:drop"
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then jane@client.example gets 2 messages
      And the copies are:
        | action 1234 | 1 |
      And nothing is lost

    @R3.8 @R4.13
    Scenario: The same on the way back
      Given the fault "mx:DATA-END:next:drop"
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the copies are:
        | action 1234 | 1 |
      And nothing is lost

  Rule: What a server takes and loses is told

    @R6.2
    Scenario: A letter that nobody has any more
      Given the fault "smtp:DATA-END:1:lose"
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then jane@client.example gets nothing
      And 1 message is discarded by the provider
      And nothing is lost
