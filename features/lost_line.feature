Feature: A line that is lost while mail is collected costs no mail
  A practice collects all its mail by POP3 and deletes it at the server. Whatever breaks on the
  way, each message is there in the end, and only once.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And a provider that accepts foreign senders
    And jane@client.example answers every message

  @R4.1 @R4.2
  Scenario Outline: What a broken session missed, the next one collects
    Given the fault "<fault>"
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the reply is delivered to action 1234
    And nothing is lost

    Examples:
      | fault                 |
      | pop:RETR:1:drop@40    |
      | pop:QUIT:1:drop       |
