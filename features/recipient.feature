Feature: Whom a message was for is read from its header, as the header was meant
  POP3 hands over a message without its envelope. One header field tells the recipient; only where it is absent are To and
  Cc asked, and then the decision says that it guessed.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And the practice has users mary and john
    And the alias sales@abc.com leads to mary and john
    And the alias mary@abc.com leads to mary
    And the alias old@abc.com is linked to no mailbox

  Rule: The field that is set is believed, and no other

    Background:
      Given the catch-all header is X-For

    @R4.3 @R1.10
    Scenario Outline: What it says counts
      When a message with these fields is routed:
        | From         | jane@client.example |
        | X-For        | <value>             |
        | Delivered-To | a7@abc.com          |
        | To           | a7@abc.com          |
      Then the message <end>

      Examples:
        | value                        | end                                                                |
        | a1234@abc.com                | is delivered to action 1234                                        |
        | a1234@abc.com, sales@abc.com | is delivered to action 1234, mary's mailbox and john's mailbox     |
        | peter@abc.com                | lands in Unassigned because nobody has that address                |
        | matters@abc.com              | lands in Unassigned because it is for the system mailbox itself    |
        | jane@client.example          | lands in Unassigned because it is for another domain               |
        | a99@abc.com                  | lands in Unassigned because no action has that number              |
        | the lawyers                  | goes to the fallback address because its recipient is no address   |

    @R4.4
    Scenario: Where it is absent, Delivered-To does not stand in
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | a7@abc.com          |
        | To           | a1234@abc.com       |
      Then the message is delivered to action 1234
      And the decision was a guess

    @R4.3 @R4.4
    Scenario Outline: Of several values the first that leads somewhere decides
      When a message with these fields is routed:
        | From  | jane@client.example |
        | X-For | <first>             |
        | X-For | <second>            |
        | X-For | <third>             |
      Then the message <end>

      Examples:
        | first           | second        | third           | end                                                             |
        | peter@abc.com   | a1234@abc.com | a7@abc.com      | is delivered to action 1234                                     |
        | a99@abc.com     | old@abc.com   | sales@abc.com   | is delivered to mary's mailbox and john's mailbox               |
        | a99@abc.com     | peter@abc.com | old@abc.com     | lands in Unassigned because no action has that number           |
        | somebody        | peter@abc.com | a99@abc.com     | lands in Unassigned because nobody has that address             |
        | matters@abc.com | peter@abc.com | mary@abc.com    | is delivered to mary's mailbox                                  |
        | matters@abc.com | peter@abc.com |                 | lands in Unassigned because it is for the system mailbox itself |

    @R4.3 @R4.11
    Scenario: What was passed over is in the evidence
      When a message with these fields is routed:
        | From  | jane@client.example     |
        | X-For | somebody                |
        | X-For | peter@abc.com           |
        | X-For | somebody, a1234@abc.com |
      Then the message is delivered to action 1234
      And the evidence is:
        | R4.9 | X-Mailsim-Loop: absent         | not forwarded by this system before                |
        | R4.8 | From: jane@client.example      | readable, and somebody sent it                     |
        | R4.3 | X-For: somebody                | no address                                         |
        | R4.3 | X-For: peter@abc.com           | names the recipient; passed over, another value decides |
        | R4.3 | X-For: somebody, a1234@abc.com | names the recipient; no address: somebody          |
        | R4.5 | a1234@abc.com                  | the address of action 1234                         |

    @R4.3
    Scenario Outline: While it is good, odd To and Cc do not matter
      When a message with these fields is routed:
        | From  | jane@client.example |
        | X-For | a1234@abc.com       |
        | To    | <to>                |
        | Cc    | <cc>                |
      Then the message is delivered to action 1234
      And the decision was no guess

      Examples:
        | to                       | cc           |
        | the lawyers              | <>           |
        | undisclosed-recipients:; | a7@abc.com   |
        |                          | matters@     |

    @R4.3
    Scenario Outline: It may be To or Cc, and is a guess then
      Given the catch-all header is <field>
      When a message with these fields is routed:
        | From    | jane@client.example |
        | <field> | a1234@abc.com       |
        | <other> | a7@abc.com          |
      Then the message is delivered to action 1234
      And the decision was a guess

      Examples:
        | field | other |
        | To    | Cc    |
        | Cc    | To    |

    @R4.3
    Scenario: In To as the field that is set, another domain is no recipient of ours
      Given the catch-all header is To
      When a message with these fields is routed:
        | From | jane@client.example |
        | To   | jane@client.example |
        | Cc   | a7@abc.com          |
      Then the message lands in Unassigned because it is for another domain

  Rule: With none set, Delivered-To is read, then To and Cc

    @R4.4
    Scenario Outline: Delivered-To names the recipient
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <value>             |
        | To           | a7@abc.com          |
      Then the message <end>
      And its recipient was read from Delivered-To

      Examples:
        | value               | end                                                              |
        | a1234@abc.com       | is delivered to action 1234                                      |
        | sales@abc.com       | is delivered to mary's mailbox and john's mailbox                |
        | peter@abc.com       | lands in Unassigned because nobody has that address              |
        | jane@client.example | lands in Unassigned because it is for another domain             |
        | somebody            | goes to the fallback address because its recipient is no address |

    @R4.4
    Scenario Outline: Where it is absent, empty or names only the system mailbox, To and Cc are asked
      When a message with these fields is routed:
        | From            | jane@client.example |
        | X-Original-To   | a7@abc.com          |
        | <absent>        | <value>             |
        | To              | <to>                |
        | Cc              | <cc>                |
      Then the message <end>
      And the decision was a guess

      Examples:
        | absent       | value           | to                             | cc                  | end                                                                |
        | Envelope-To  | a7@abc.com      | a1234@abc.com                  | jane@client.example | is delivered to action 1234                                        |
        | Delivered-To | matters@abc.com | a1234@abc.com                  | jane@client.example | is delivered to action 1234                                        |
        | Delivered-To |                 | a1234@abc.com                  | jane@client.example | is delivered to action 1234                                        |
        | Delivered-To | a:;, b:;        | a1234@abc.com                  | jane@client.example | is delivered to action 1234                                        |
        | Envelope-To  | a7@abc.com      | a1234@abc.com                  | a7@abc.com          | is delivered to action 1234 and action 7                           |
        | Envelope-To  | a7@abc.com      | matters@abc.com, a1234@abc.com | jane@client.example | is delivered to action 1234                                        |
        | Envelope-To  | a7@abc.com      | matters@abc.com, peter@abc.com |                     | lands in Unassigned because nobody has that address                |
        | Envelope-To  | a7@abc.com      | matters@abc.com                | jane@client.example | lands in Unassigned because it is for the system mailbox itself    |
        | Envelope-To  | a7@abc.com      | jane@client.example            | undisclosed people  | lands in Unassigned because it names no recipient                  |
        | Envelope-To  | a7@abc.com      |                                |                     | lands in Unassigned because it names no recipient                  |
        | Envelope-To  | a7@abc.com      | undisclosed-recipients:;       |                     | lands in Unassigned because it names no recipient                  |
        | Envelope-To  | a7@abc.com      | undisclosed people             |                     | goes to the fallback address because its recipient is no address   |

    @R4.4 @R4.7
    Scenario: Delivered-To names the system mailbox, To and Cc nobody: that is certain
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | matters@abc.com     |
        | To           | jane@client.example |
      Then the message lands in Unassigned because it is for the system mailbox itself
      And its recipient was read from Delivered-To

    @R4.4
    Scenario Outline: Of several that decide nothing, the topmost says whether To and Cc are asked
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | <first>             |
        | Delivered-To | <second>            |
        | To           | a7@abc.com          |
      Then the message <end>

      Examples:
        | first           | second          | end                                                             |
        | matters@abc.com | peter@abc.com   | is delivered to action 7                                        |
        | peter@abc.com   | matters@abc.com | lands in Unassigned because nobody has that address             |
        | matters@abc.com | a1234@abc.com   | is delivered to action 1234                                     |

    @R4.4 @R4.11
    Scenario: A guess says what it rests on
      When a message with these fields is routed:
        | From | jane@client.example                          |
        | To   | a1234@abc.com, jane@client.example, somebody |
        | Cc   | peter@client.example                         |
      Then the message is delivered to action 1234
      And its recipient was a1234@abc.com
      And the evidence is:
        | R4.9 | X-Mailsim-Loop: absent                           | not forwarded by this system before                                                            |
        | R4.8 | From: jane@client.example                        | readable, and somebody sent it                                                                 |
        | R4.4 | Delivered-To: absent                             | To and Cc are asked                                                                            |
        | R4.4 | To: a1234@abc.com, jane@client.example, somebody | guessed: it was for a1234@abc.com; passed over: jane@client.example; no address: somebody      |
        | R4.4 | Cc: peter@client.example                         | names no other address of the practice; passed over: peter@client.example                      |
        | R4.5 | a1234@abc.com                                    | the address of action 1234                                                                     |

    @R4.4 @R4.11
    Scenario: That nobody is named is told too
      When a message with these fields is routed:
        | From | jane@client.example |
        | To   | jane@client.example |
      Then the message lands in Unassigned because it names no recipient
      And the evidence of R4.4 says "To, Cc -> nobody of the practice"

  Rule: One message for several

    @R4.12
    Scenario Outline: Known recipients get it, the others are told
      When a message with these fields is routed:
        | From | jane@client.example |
        | To   | <to>                |
      Then the message is delivered to <targets>
      And its recipient was <first>
      And the message is delivered because <reason>
      And the evidence of R4.12 says "<told>"

      Examples:
        | to                                        | targets                                        | first         | reason                  | told                                                                        |
        | peter@abc.com, a1234@abc.com, mary@abc.com | action 1234 and mary's mailbox                | a1234@abc.com | of the action's address | peter@abc.com -> no action's, no alias: nobody has it; passed over beside a known recipient |
        | old@abc.com, mary@abc.com, a7@abc.com     | mary's mailbox and action 7                    | mary@abc.com  | of the alias            | old@abc.com -> an alias linked to no mailbox; passed over beside a known recipient |
        | a99@abc.com, a7@abc.com                   | action 7                                       | a7@abc.com    | of the action's address | a99@abc.com -> no action has this ID; passed over beside a known recipient |

    @R4.12
    Scenario: Where none is known, the first one's reason stands
      When a message with these fields is routed:
        | From | jane@client.example                     |
        | To   | old@abc.com, a99@abc.com, peter@abc.com |
      Then the message lands in Unassigned because the alias has no mailboxes
      And its recipient was old@abc.com

    @R4.6 @R4.7
    Scenario: An alias for the system mailbox's own address counts where nobody else is known
      Given the alias matters@abc.com leads to john
      When a message with these fields is routed:
        | From         | jane@client.example            |
        | Delivered-To | matters@abc.com, peter@abc.com |
      Then the message is delivered to john's mailbox
      And its recipient was matters@abc.com
      When a message with these fields is routed:
        | From         | jane@client.example            |
        | Delivered-To | matters@abc.com, a7@abc.com    |
      Then the message is delivered to action 7

  Rule: A single mailbox needs no field

    Background:
      Given a practice whose single mailbox is abc@bigmail.example

    @R4.3
    Scenario: All its mail is for its address, whatever the header says
      Given the catch-all header is X-For
      When a message with these fields is routed:
        | From         | jane@client.example |
        | X-For        | a1234@abc.com       |
        | Delivered-To | a1234@abc.com       |
        | To           | a1234@abc.com       |
      Then the message lands in Unassigned because it is for the system mailbox itself
      And the evidence is:
        | R4.9 | X-Mailsim-Loop: absent      | not forwarded by this system before                         |
        | R4.8 | From: jane@client.example   | readable, and somebody sent it                              |
        | R4.3 | a mailbox of type single    | all its mail is for abc@bigmail.example                     |
        | R4.7 | abc@bigmail.example         | the system mailbox's own address                            |
        | R4.7 | In-Reply-To, References     | answers no message known to be sent from an action          |
