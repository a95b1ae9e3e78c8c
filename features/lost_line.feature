Feature: A line that is lost while mail is collected costs no mail
  A practice collects all its mail by POP3 and deletes it at the server. Whatever breaks on the
  way, each message is there in the end, and only once.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And a provider that accepts foreign senders

  Rule: What a broken session missed, the next one collects

    @R4.1 @R4.2
    Scenario Outline: Whatever fails
      Given the fault "<fault>"
      When these people write:
        | jane@client.example | a1234@abc.com |
        | peter@shop.example  | a7@abc.com    |
        | anna@shop.example   | a1234@abc.com |
      And all mail has arrived
      And the practice tries to collect its mail
      And the practice collects its mail
      Then the copies are:
        | action 1234 | 2 |
        | action 7    | 1 |
      And the mailbox at the provider is empty
      And nothing is lost

      Examples:
        | fault                          |
        | pop:RETR:1:drop@40             |
        | pop:RETR:2:drop@40             |
        | pop:RETR:3:drop                |
        | pop:RETR:2:reply [SYS/TEMP] no |
        | pop:DELE:1:drop                |
        | pop:DELE:2:reply -ERR no       |
        | pop:QUIT:1:drop                |
        | pop:QUIT:1:ignore-deletes      |
        | pop:UIDL:1:changed-uid         |
        | pop:UIDL:1:blank-uid           |
        | pop:UIDL:1:duplicate-uid       |
        | pop:LIST:1:drop                |
        | pop:USER:1:drop                |

    @R4.2
    Scenario: Told in words
      Given the second RETR drops after 20 octets
      And jane@client.example answers every message
      When action 1234 writes to jane@client.example
      And peter@shop.example writes to a7@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the copies are:
        | action 1234 | 1 |
        | action 7    | 1 |
      And nothing is lost

  Rule: What was delivered is not delivered again

    @R4.2
    Scenario Outline: A server that does not keep its word
      Given <misdeed>
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      And the practice collects its mail
      And the practice collects its mail
      Then action 1234 holds 1 copy
      And nothing is lost

      Examples:
        | misdeed                                                  |
        | the provider forgets which messages it deleted           |
        | the provider changes the uids of messages every time     |

  Rule: Servers that lack what others have lose nothing either

    @R4.1 @R4.2
    Scenario Outline: A server of its own kind - <quirk>
      Given a practice with these tables:
        """
        [provider]
        quirks = ["<quirk>"]
        """
      When these people write:
        | jane@client.example | a1234@abc.com |
        | peter@shop.example  | a7@abc.com    |
        | anna@shop.example   | a1234@abc.com |
      And all mail has arrived
      And the practice collects its mail
      And the practice collects its mail
      Then the copies are:
        | action 1234 | 2 |
        | action 7    | 1 |
      And the mailbox at the provider is empty
      And nothing is lost

      Examples:
        | quirk         |
        | no-uidl       |
        | no-capa       |
        | no-top        |
        | no-pipelining |
        | changing-uidl |
        | exchange      |
        | expire=0      |
        | gmail=2       |

    @R4.2
    Scenario Outline: Without uids, whatever fails
      Given a practice with these tables:
        """
        [provider]
        quirks = ["no-uidl"]
        """
      And the fault "<fault>"
      When these people write:
        | jane@client.example | a1234@abc.com |
        | peter@shop.example  | a7@abc.com    |
      And all mail has arrived
      And the practice tries to collect its mail
      And the practice collects its mail
      Then the copies are:
        | action 1234 | 1 |
        | action 7    | 1 |
      And the mailbox at the provider is empty
      And nothing is lost

      Examples:
        | fault                     |
        | pop:RETR:2:drop@40        |
        | pop:QUIT:1:drop           |
        | pop:QUIT:1:ignore-deletes |

    @R4.1
    Scenario: A login that is refused leaves all for the next collection
      Given the fault "pop:PASS:1:locked"
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      And the practice tries to collect its mail
      Then nobody inside holds anything
      And the mailbox at the provider holds 1 message
      When the practice collects its mail
      Then action 1234 holds 1 copy
      And nothing is lost
