Feature: Where the address decides nothing, other signs may find the action
  The part after a plus, the thread, a token in the subject: each is off by default, and each is tried in the order set.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And the practice has user mary
    And the alias old@abc.com is linked to no mailbox
    And the practice once sent "<sent.1234@abc.com>" from action 1234
    And the practice once sent "<sent.7@abc.com>" from action 7
    And the practice once sent "<sent.99@abc.com>" from action 99

  @R4.10
  Scenario Outline: All are off by default
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | peter@abc.com       |
      | <field>      | <value>             |
    Then the message lands in Unassigned because nobody has that address

    Examples:
      | field        | value                |
      | Subject      | [a1234]              |
      | In-Reply-To  | <sent.1234@abc.com>  |
      | References   | <sent.1234@abc.com>  |

  @R4.10
  Scenario: And a part after a plus is a part of the address
    When a message with these fields is routed:
      | From         | jane@client.example   |
      | Delivered-To | matters+a1234@abc.com |
    Then the message lands in Unassigned because nobody has that address

  @R4.10
  Scenario: They are tried in the order set
    Given the practice also goes by the subject-token of a message
    And the practice also goes by the thread of a message
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | matters@abc.com     |
      | Subject      | [a7]                |
      | In-Reply-To  | <sent.1234@abc.com> |
    Then the message is delivered to action 7
    And the message is delivered because of the subject token

  Rule: The thread: what a message answers

    Background:
      Given the practice also goes by the thread of a message

    @R4.10
    Scenario Outline: In-Reply-To from the left, then References from the right
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <recipient>         |
        | References   | <references>        |
        | In-Reply-To  | <answers>           |
      Then the message is delivered to <target>
      And the message is delivered because of the thread
      And its recipient was <recipient>
      And the evidence of R4.10 says "<told>"

      Examples:
        | recipient           | references                           | answers                         | target      | told                                              |
        | peter@abc.com       | <sent.1234@abc.com>                  | <sent.7@abc.com>                | action 7    | <sent.7@abc.com> -> thread: sent from action 7    |
        | matters@abc.com     |                                      | <sent.1234@abc.com>             | action 1234 | <sent.1234@abc.com> -> thread: sent from action 1234 |
        | jane@client.example |                                      | <x@y> <sent.7@abc.com> <sent.1234@abc.com> | action 7 | <sent.7@abc.com> -> thread: sent from action 7 |
        | peter@abc.com       | <sent.7@abc.com> <sent.1234@abc.com> | <x@y.example>                   | action 1234 | <sent.1234@abc.com> -> thread: sent from action 1234 |
        | peter@abc.com       | <sent.7@abc.com> <strange@x.example> |                                 | action 7    | <sent.7@abc.com> -> thread: sent from action 7    |
        | peter@abc.com       |                                      | <x@y>,<sent.7 @abc.com>         | action 7    | <sent.7@abc.com> -> thread: sent from action 7    |

    @R4.10
    Scenario: Of several References fields the last counts first
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | peter@abc.com       |
        | References   | <sent.7@abc.com>    |
        | References   | <sent.1234@abc.com> |
      Then the message is delivered to action 1234

    @R4.10
    Scenario: A message that answers nothing known stays with a person
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | peter@abc.com       |
        | In-Reply-To  | <strange@x.example> |
      Then the message lands in Unassigned because nobody has that address
      And the evidence of R4.10 says "In-Reply-To, References -> thread: no message that the system sent"

    @R4.10
    Scenario: An action that is gone is no target, and the next id is not asked
      When a message with these fields is routed:
        | From         | jane@client.example               |
        | Delivered-To | peter@abc.com                     |
        | In-Reply-To  | <sent.99@abc.com> <sent.7@abc.com> |
      Then the message lands in Unassigned because no action has that number
      And the evidence of R4.10 says "<sent.99@abc.com> -> thread: sent from action 99, which no longer exists"

    @R4.10
    Scenario: The next resolver is asked then
      Given the practice also goes by the subject-token of a message
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | peter@abc.com       |
        | In-Reply-To  | <sent.99@abc.com>   |
        | Subject      | [a7]                |
      Then the message is delivered to action 7
      And the message is delivered because of the subject token

  Rule: The subject token: [a1234]

    Background:
      Given the practice also goes by the subject-token of a message

    @R4.10
    Scenario Outline: The first that exists
      When a message with these fields is routed:
        | From    | jane@client.example |
        | To      | jane@client.example |
        | Subject | <subject>           |
      Then the message is delivered to <target>
      And the message is delivered because of the subject token
      And the decision was a guess
      And the evidence of R4.10 says "<told>"

      Examples:
        | subject                                                | target      | told                                         |
        | Re: [a7] Draft                                         | action 7    | Subject: Re: [a7] Draft -> subject token of action:7 |
        | [A007]                                                 | action 7    | Subject: [A007] -> subject token of action:7 |
        | [a99] [a1234] [a7]                                     | action 1234 | subject token of action:1234                 |
        | =?utf-8?Q?Gesch=C3=A4ft_[a12?= =?utf-8?B?MzRd?=        | action 1234 | Subject: Geschäft [a1234] -> subject token of action:1234 |
        | =?iso-8859-1*de?q?=5Ba7=5D?=                           | action 7    | Subject: [a7] -> subject token of action:7   |
        | =?nowhere?q?=5Ba7=5D?=                                 | action 7    | Subject: [a7] -> subject token of action:7   |
        | =?utf-8?b?W2E3XQ?=                                     | action 7    | Subject: [a7] -> subject token of action:7   |
        | =?utf-8?b?W2E3!XQ=?=                                   | action 7    | Subject: [a7] -> subject token of action:7   |
        | =?utf-8?B?W2E3XQ==?= and more                          | action 7    | Subject: [a7] and more -> subject token of action:7 |

    @R4.10
    Scenario Outline: What is no token
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | peter@abc.com       |
        | <field>      | <value>             |
      Then the message lands in Unassigned because <reason>
      And the evidence of R4.10 says "<told>"

      Examples:
        | field     | value                  | reason                     | told                                   |
        | Subject   | a7 [ a7] [a7x] (a7) [] | nobody has that address    | Subject: a7 [ a7] [a7x] (a7) [] -> subject token: there is none |
        | X-Subject | [a7]                   | nobody has that address    | Subject:  -> subject token: there is none |
        | Subject   | [a98] [a99]            | no action has that number  | Subject: [a98] [a99] -> subject token: no action 98, 99 |

  Rule: The sub-address: what follows a plus in the system mailbox's own address

    Background:
      Given the practice also goes by the sub-address of a message

    @R4.10
    Scenario Outline: It names the action
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <first>             |
        | Delivered-To | <second>            |
      Then the message is delivered to <targets>
      And the message is delivered because of the sub-address
      And its recipient was <recipient>

      Examples:
        | first                                    | second               | targets                  | recipient              |
        | matters+a1234@abc.com                    |                      | action 1234              | matters+a1234@abc.com  |
        | Matters+A01234@ABC.com                   |                      | action 1234              | Matters+A01234@abc.com |
        | peter@abc.com                            | matters+a7@abc.com   | action 7                 | matters+a7@abc.com     |
        | matters+a99@abc.com                      | matters+a7@abc.com   | action 7                 | matters+a7@abc.com     |
        | matters+a7@abc.com                       | matters+a1234@abc.com | action 7                | matters+a7@abc.com     |
        | matters+a99@abc.com, matters+a7@abc.com, matters+a1234@abc.com |  | action 7 and action 1234 | matters+a7@abc.com |

    @R4.10 @R4.11
    Scenario: And the evidence tells it
      When a message with these fields is routed:
        | From | jane@client.example                     |
        | To   | matters+a7@abc.com                      |
        | Cc   | matters+a1234@abc.com, matters+a7@abc.com |
      Then the message is delivered to action 7 and action 1234
      And the decision was a guess
      And the evidence of R4.10 says "matters+a7@abc.com -> sub-address: action:7, action:1234"

    @R4.10
    Scenario Outline: What is no sub-address
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <recipient>         |
      Then the message lands in Unassigned because <reason>
      And the evidence of R4.10 says "<told>"

      Examples:
        | recipient                 | reason                        | told                                                  |
        | peter+a7@abc.com          | nobody has that address       | the recipients -> sub-address: none names an action   |
        | matters+a7@other.example  | it is for another domain      | the recipients -> sub-address: none names an action   |
        | matters+a7x@abc.com       | nobody has that address       | the recipients -> sub-address: none names an action   |
        | matters+b7@abc.com        | nobody has that address       | the recipients -> sub-address: none names an action   |
        | matters+@abc.com          | nobody has that address       | the recipients -> sub-address: none names an action   |
        | matters+a99@abc.com       | no action has that number     | matters+a99@abc.com -> sub-address: no action has this ID |

    @R4.10 @R4.3
    Scenario Outline: In a single mailbox To, Cc and Delivered-To are looked at
      Given a practice whose single mailbox is matters@abc.com
      When a message with these fields is routed:
        | From    | jane@client.example |
        | <field> | matters+a7@abc.com  |
      Then the message is delivered to action 7
      And the message is delivered because of the sub-address
      And the decision was a guess

      Examples:
        | field |
        | To    |
        | Cc    |

    @R4.10 @R4.3
    Scenario: Delivered-To makes it certain
      Given a practice whose single mailbox is matters@abc.com
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | matters+a7@abc.com  |
        | To           | matters+a7@abc.com  |
      Then the message is delivered to action 7
      And the decision was no guess

  Rule: Where the address has spoken, nothing else is asked

    @R4.10
    Scenario Outline: An ID without action, an alias without mailboxes, a known action
      Given the practice also goes by the thread of a message
      And the practice also goes by the subject-token of a message
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <recipient>         |
        | Subject      | [a7]                |
        | In-Reply-To  | <sent.7@abc.com>    |
      Then the message <end>

      Examples:
        | recipient     | end                                                     |
        | a99@abc.com   | lands in Unassigned because no action has that number   |
        | old@abc.com   | lands in Unassigned because the alias has no mailboxes  |
        | a1234@abc.com | is delivered to action 1234                             |

    @R4.10
    Scenario: The first that named an action that is gone is told
      Given the practice also goes by the sub-address of a message
      And the practice also goes by the thread of a message
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | matters+a98@abc.com |
        | In-Reply-To  | <sent.99@abc.com>   |
      Then the message lands in Unassigned because no action has that number
      And the message was looked for by its sub-address

  Rule: A rewritten sender is told as such

    @R4.7
    Scenario Outline: An answer that comes to the system mailbox's own address
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | matters@abc.com     |
        | To           | matters@abc.com     |
        | <field>      | <ids>               |
      Then the message lands in Unassigned because the sender was rewritten
      And the message was meant for <action>
      And the evidence of R4.7 says "<told>"

      Examples:
        | field       | ids                                  | action      | told                                                                                               |
        | In-Reply-To | <sent.1234@abc.com>                  | action 1234 | <sent.1234@abc.com> -> answers what was sent from action 1234: the sender was rewritten on the way |
        | References  | <x@y.example> <sent.7@abc.com>       | action 7    | <sent.7@abc.com> -> answers what was sent from action 7: the sender was rewritten on the way       |
        | References  | <sent.1234@abc.com> <sent.7@abc.com> | action 7    | the sender was rewritten on the way                                                                |

    @R4.7
    Scenario: Even where its action is gone
      Given the practice also goes by the thread of a message
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | matters@abc.com     |
        | In-Reply-To  | <sent.99@abc.com>   |
      Then the message lands in Unassigned because the sender was rewritten
      And the message was meant for action 99

    @R4.7
    Scenario: Not one that comes to another address
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | peter@abc.com       |
        | In-Reply-To  | <sent.7@abc.com>    |
      Then the message lands in Unassigned because nobody has that address
      And the message was meant for nobody else
