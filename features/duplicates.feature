Feature: A message that comes twice is delivered once
  Two copies are one message when Message-ID and body are equal; the second reaches only what the first did not. And what
  the system sent itself is no new message when a copy of it comes back.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And the practice has users mary and john
    And the alias sales@abc.com leads to mary

  Rule: Second copies

    @R4.13
    Scenario: A second copy goes nowhere
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        Message-ID: <m1@client.example>

        Hello
        """
      And the same message comes again for a1234@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the message is a duplicate because a copy was delivered before
      And the copies are:
        | action 1234 | 1 |
      And nothing is lost

    @R4.13
    Scenario: Copies for several recipients reach each of them once, in whichever collection they come
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        Message-ID: <m1@client.example>

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      And the same message comes again for a7@abc.com
      And the same message comes again for a1234@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the copies are:
        | action 1234 | 1 |
        | action 7    | 1 |
      And nothing is lost

    @R4.13
    Scenario: A third copy reaches what neither before it reached
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Message-ID   | <m1@client.example> |
        | Delivered-To | a7@abc.com          |
      Then the message is delivered to action 7
      When a message with these fields is routed:
        | From         | jane@client.example       |
        | Message-ID   | <m1@client.example>       |
        | Delivered-To | a7@abc.com, sales@abc.com |
      Then the message is delivered to mary's mailbox
      And the evidence of R4.13 says "<m1@client.example> -> an earlier copy, with the same body, reached action:7"
      When a message with these fields is routed:
        | From         | jane@client.example                      |
        | Message-ID   | <m1@client.example>                      |
        | Delivered-To | a1234@abc.com, sales@abc.com, a7@abc.com |
      Then the message is delivered to action 1234
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Message-ID   | <m1@client.example> |
        | Delivered-To | sales@abc.com       |
      Then the message is a duplicate because a copy was delivered before
      And the evidence of R4.13 says "reached action:7, mailbox:mary, action:1234"

    @R4.13
    Scenario Outline: What makes two messages one
      When the octets "<first>␍␊␍␊<body>" are routed
      And the octets "<second>␍␊␍␊<other>" are routed
      Then the message <end>

      Examples:
        | first                                                                       | body  | second                                                                             | other   | end                                                   |
        | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                        | Hello | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                               | Hello   | is a duplicate because a copy was delivered before    |
        | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                        | Hello | X: y␍␊From: b@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                         | Hello   | is a duplicate because a copy was delivered before    |
        | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                        | Hello | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                               | Bye     | is delivered to action 7                              |
        | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                        | Hello | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                               | Hello␍␊ | is delivered to action 7                              |
        | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                        | Hello | From: a@x.example␍␊Message-ID: <2@x>␍␊To: a7@abc.com                               | Hello   | is delivered to action 7                              |
        | From: a@x.example␍␊Message-ID: <1@x>␍␊To: a7@abc.com                        | Hello | From: a@x.example␍␊To: a7@abc.com                                                  | Hello   | is delivered to action 7                              |
        | From: a@x.example␍␊Date: today␍␊Subject: S␍␊To: a7@abc.com                  | Hello | Message-ID:␍␊From: a@x.example␍␊Date: today␍␊Subject: S␍␊X: y␍␊To: a7@abc.com      | Hello   | is a duplicate because a copy was delivered before    |
        | From: a@x.example␍␊Date: today␍␊Subject: S␍␊To: a7@abc.com                  | Hello | From: b@x.example␍␊Date: today␍␊Subject: S␍␊To: a7@abc.com                         | Hello   | is delivered to action 7                              |
        | From: a@x.example␍␊Date: today␍␊Subject: S␍␊To: a7@abc.com                  | Hello | From: a@x.example␍␊Date: later␍␊Subject: S␍␊To: a7@abc.com                         | Hello   | is delivered to action 7                              |
        | From: a@x.example␍␊Date: today␍␊Subject: S␍␊To: a7@abc.com                  | Hello | From: a@x.example␍␊Date: today␍␊Subject: T␍␊To: a7@abc.com                         | Hello   | is delivered to action 7                              |
        | From: a@x.example␍␊Date: today␍␊Subject: S␍␊To: a7@abc.com                  | Hello | From: a@x.example␍␊Date: today␍␊Subject: S␍␊To: a7@abc.com                         | Bye     | is delivered to action 7                              |

    @R4.13
    Scenario: Without a Message-ID the evidence says what was compared
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | a7@abc.com          |
      And a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | a7@abc.com          |
      Then the evidence of R4.13 says "From, Date and Subject -> an earlier copy, with the same body, reached action:7"

    @R4.13
    Scenario Outline: Unassigned and the fallback address are reached once too
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <recipient>         |
      And a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <recipient>         |
      Then the message is a duplicate because a copy was delivered before

      Examples:
        | recipient     |
        | peter@abc.com |
        | somebody      |

  Rule: Copies of what was sent

    Background:
      Given the practice once sent "<sent@abc.com>" from action 1234
      And the alias abc@partner.example leads to john

    @R4.14
    Scenario Outline: All of its recipients are outside
      When a message with these fields is routed:
        | From       | a1234@abc.com  |
        | Message-ID | <sent@abc.com> |
        | <field>    | <value>        |
        | <other>    | <more>         |
      Then the message is a duplicate because it is a copy of what was sent
      And the evidence of R4.14 says "<sent@abc.com> -> a copy of what the system sent from action 1234, all of whose recipients are outside"

      Examples:
        | field        | value               | other | more                |
        | To           | jane@client.example | Cc    | bob@client.example  |
        | Subject      | Hello               | Cc    | bob@client.example  |
        | Delivered-To | matters@abc.com     | To    | jane@client.example |
        | Delivered-To | jane@client.example | To    | jane@client.example |

    @R4.14
    Scenario Outline: One of them is inside, or there is none
      When a message with these fields is routed:
        | From       | a1234@abc.com  |
        | Message-ID | <sent@abc.com> |
        | <field>    | <value>        |
        | <other>    | <more>         |
      Then the message <end>

      Examples:
        | field        | value                            | other   | more                | end                                                              |
        | To           | jane@client.example, a7@abc.com  | Subject | Hello               | is delivered to action 7                                         |
        | To           | jane@client.example              | Cc      | peter@abc.com       | lands in Unassigned because nobody has that address              |
        | To           | jane@client.example, matters@abc.com | Subject | Hello           | lands in Unassigned because it is for the system mailbox itself  |
        | Delivered-To | a7@abc.com                       | To      | jane@client.example | is delivered to action 7                                         |
        | Delivered-To | matters@abc.com                  | To      | abc@partner.example | lands in Unassigned because it is for the system mailbox itself  |
        | Subject      | Hello                            | X       | y                   | lands in Unassigned because it names no recipient                |
        | To           | undisclosed-recipients:;         | X       | y                   | lands in Unassigned because it names no recipient                |
        | X-Mailsim-Loop | matters@abc.com                | To      | jane@client.example | lands in Unassigned because it goes round in a loop              |

    @R4.14
    Scenario: The header that is set counts as Delivered-To does
      Given the catch-all header is X-For
      When a message with these fields is routed:
        | From       | a1234@abc.com       |
        | Message-ID | <sent@abc.com>      |
        | X-For      | a7@abc.com          |
        | To         | jane@client.example |
      Then the message is delivered to action 7

    @R4.14
    Scenario: In a single mailbox too
      Given a practice whose single mailbox is matters@abc.com
      When a message with these fields is routed:
        | From       | matters@abc.com     |
        | Message-ID | <sent@abc.com>      |
        | To         | jane@client.example |
      Then the message is a duplicate because it is a copy of what was sent

    @R4.14
    Scenario: What others sent is no copy of ours
      When a message with these fields is routed:
        | From       | jane@client.example |
        | Message-ID | <m1@client.example> |
        | To         | bob@client.example  |
      Then the message lands in Unassigned because it names no recipient

    @R4.14
    Scenario: A second sent copy is one again
      When a message with these fields is routed:
        | From       | a1234@abc.com       |
        | Message-ID | <sent@abc.com>      |
        | To         | jane@client.example |
      And a message with these fields is routed:
        | From       | a1234@abc.com       |
        | Message-ID | <sent@abc.com>      |
        | To         | jane@client.example |
      Then the message is a duplicate because it is a copy of what was sent

    @R4.14
    Scenario: What a provider writes around an address counts there too
      Given the settings:
        | pop.common               | qmail        |
        | mailbox.catch_all_header | Delivered-To |
      When a message with these fields is routed:
        | From         | a1234@abc.com       |
        | Message-ID   | <sent@abc.com>      |
        | Delivered-To | abc.com-a7@abc.com  |
        | To           | jane@client.example |
      Then the message is delivered to action 7
