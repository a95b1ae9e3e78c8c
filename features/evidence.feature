Feature: A decision tells what it rests on
  Whoever wonders why a message went where it went reads which rules were tried, what each read and what it concluded.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And the practice has users mary and john
    And the alias sales@abc.com leads to mary and john
    And the alias old@abc.com is linked to no mailbox
    And the practice once sent "<sent.7@abc.com>" from action 7
    And the practice once sent "<sent.99@abc.com>" from action 99

  @R4.11
  Scenario Outline: Each conclusion has its words
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | <recipient>         |
    Then the evidence of <rule> says "<told>"
    And its recipient was <recipient>
    And the decision was no guess
    And deciding again gives the same decision

    Examples:
      | recipient           | rule | told                                                             |
      | a1234@abc.com       | R4.4 | Delivered-To: a1234@abc.com -> names the recipient               |
      | a1234@abc.com       | R4.5 | a1234@abc.com -> the address of action 1234                      |
      | a99@abc.com         | R4.5 | a99@abc.com -> no action has this ID                             |
      | sales@abc.com       | R4.6 | sales@abc.com -> an alias of mailbox:mary, mailbox:john          |
      | old@abc.com         | R4.6 | old@abc.com -> an alias linked to no mailbox                     |
      | peter@abc.com       | R4.7 | peter@abc.com -> no action's, no alias: nobody has it            |
      | jane@client.example | R4.7 | jane@client.example -> not on abc.com, and no alias              |
      | matters@abc.com     | R4.7 | matters@abc.com -> the system mailbox's own address              |
      | matters@abc.com     | R4.7 | In-Reply-To, References -> answers no message known to be sent from an action |

  @R4.11 @R4.8
  Scenario: That the recipient is no address
    Given the catch-all header is X-For
    When a message with these fields is routed:
      | From  | jane@client.example |
      | X-For | the lawyers         |
    Then the evidence is:
      | R4.9 | X-Mailsim-Loop: absent    | not forwarded by this system before           |
      | R4.8 | From: jane@client.example | readable, and somebody sent it                |
      | R4.3 | X-For: the lawyers        | no address                                    |
      | R4.8 | the recipient             | a header that should name it holds no address |
    And the decision was no guess

  @R4.11 @R4.12
  Scenario Outline: Of several recipients each is told
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | <recipients>        |
    Then the evidence of R4.4 says "Delivered-To: <recipients> -> names the recipient"
    And the evidence of <rule> says "<told>"
    And its recipient was <first>

    Examples:
      | recipients                       | first         | rule  | told                                                                              |
      | a1234@abc.com, sales@abc.com     | a1234@abc.com | R4.5  | a1234@abc.com -> the address of action 1234                                       |
      | a1234@abc.com, sales@abc.com     | a1234@abc.com | R4.6  | sales@abc.com -> an alias of mailbox:mary, mailbox:john                           |
      | a1234@abc.com, matters@abc.com   | a1234@abc.com | R4.12 | matters@abc.com -> the system mailbox's own address; passed over beside a known recipient |
      | peter@abc.com, jane@client.example | peter@abc.com | R4.7 | peter@abc.com -> no action's, no alias: nobody has it                            |
      | peter@abc.com, jane@client.example | peter@abc.com | R4.7 | jane@client.example -> not on abc.com, and no alias                              |

  @R4.11 @R4.12
  Scenario: An alias for the system mailbox's own address, alone and beside others
    Given the alias matters@abc.com leads to john
    When a message with these fields is routed:
      | From         | jane@client.example            |
      | Delivered-To | matters@abc.com, peter@abc.com |
    Then the evidence of R4.6 says "matters@abc.com -> an alias of mailbox:john"
    And the evidence of R4.12 says "peter@abc.com -> no action's, no alias: nobody has it; passed over beside a known recipient"
    When a message with these fields is routed:
      | From         | jane@client.example         |
      | Delivered-To | matters@abc.com, a7@abc.com |
    Then the evidence of R4.12 says "matters@abc.com -> an alias of mailbox:john; passed over beside a known recipient"
    And the evidence of R4.5 says "a7@abc.com -> the address of action 7"
    When a message with these fields is routed:
      | From         | jane@client.example                        |
      | Message-ID   | <another@client.example>                   |
      | Delivered-To | matters@abc.com, a7@abc.com, a1234@abc.com |
    Then the message is delivered to action 7 and action 1234

  @R4.11 @R4.7
  Scenario Outline: Where the sender was rewritten, the address and the certainty are told
    When a message with these fields is routed:
      | From         | jane@client.example |
      | <field>      | matters@abc.com     |
      | In-Reply-To  | <sent.7@abc.com>    |
    Then the message lands in Unassigned because the sender was rewritten
    And its recipient was matters@abc.com
    And the decision was <certainty>

    Examples:
      | field        | certainty |
      | Delivered-To | no guess  |
      | To           | a guess   |

  @R4.11 @R4.10
  Scenario Outline: Where a resolver named an action that is gone, too
    Given the practice also goes by the thread of a message
    When a message with these fields is routed:
      | From         | jane@client.example |
      | <field>      | peter@abc.com       |
      | In-Reply-To  | <sent.99@abc.com>   |
    Then the message lands in Unassigned because no action has that number
    And its recipient was peter@abc.com
    And the decision was <certainty>
    And the message was looked for by its thread

    Examples:
      | field        | certainty |
      | Delivered-To | no guess  |
      | To           | a guess   |

  @R4.11 @R4.10
  Scenario: A resolver that finds nothing leaves the address its say
    Given the practice also goes by the thread of a message
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | peter@abc.com       |
    Then the message was looked for by its address

  @R3.7 @R4.11
  Scenario: A message over the recommended size is routed as any other, and the evidence says so
    When a message of 10,485,761 octets for a1234@abc.com is routed
    Then the message is delivered to action 1234
    And the evidence of R3.7 says "10,485,761 octets -> over the recommended 10 MB: servers on the way may refuse it; routed as any other"

  @R3.7 @R4.11
  Scenario: One of just that size is not worth a word
    When a message of 10,485,760 octets for a1234@abc.com is routed
    Then the evidence is:
      | R4.9 | X-Mailsim-Loop: absent      | not forwarded by this system before |
      | R4.8 | From: jane@client.example   | readable, and somebody sent it      |
      | R4.4 | Delivered-To: a1234@abc.com | names the recipient                 |
      | R4.5 | a1234@abc.com               | the address of action 1234          |
