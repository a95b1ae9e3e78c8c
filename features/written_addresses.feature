Feature: However an address is written, it is the same address
  Mail programs write addresses in many ways, and so do people. Each way that a standard allows finds its action or alias.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has action 7
    And the practice has users mary and john
    And the alias sales@abc.com leads to mary and john
    And the alias zoë@abc.com leads to mary
    And the alias büro@bücher.example leads to john
    And the alias a55@abc.com leads to john
    And the alias a7@abc.com leads to mary

  @R4.5
  Scenario Outline: An action's address
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | <written>           |
    Then the message is delivered to action 1234
    And the message is delivered because of the action's address

    Examples:
      | written                                  |
      | a1234@abc.com                            |
      | A1234@ABC.Com                            |
      | a0001234@abc.com                         |
      | a1234@abc.com.                           |
      | <a1234@abc.com>                          |
      | Smith v Jones <a1234@abc.com>            |
      | "Smith, Jones" <a1234@abc.com>           |
      | a1235@abc.com <a1234@abc.com>            |
      | "a1234"@abc.com                          |
      | " a1234"@abc.com                         |
      | (to) a1234 (of) @ abc.com (end)          |
      | a1234@(here) abc.com                     |
      | (nested (in) words) a1234@abc.com        |
      | <@x.example,@y.example:a1234@abc.com>    |
      | Us: a1234@abc.com;                       |
      | , a1234@abc.com,                         |
      | "a\1234"@abc.com                         |

  @R4.5
  Scenario Outline: Several in one field
    When a message with these fields is routed:
      | From | jane@client.example |
      | To   | <written>           |
    Then the message is delivered to action 1234 and action 7

    Examples:
      | written                                           |
      | a1234@abc.com, a7@abc.com                         |
      | a1234@abc.com,a7@abc.com                          |
      | a1234@abc.com; a7@abc.com                         |
      | , a1234@abc.com,, a7@abc.com,                     |
      | Us: a1234@abc.com, a7@abc.com;                    |
      | Us: a1234@abc.com;, a7@abc.com                    |
      | Doe, John <a1234@abc.com>, "Roe; Jane" <a7@abc.com> |
      | a1234@abc.com (one), a7@abc.com (two, three)      |
      | a1234@abc.com, A1234@abc.com, a7@abc.com          |

  @R4.5
  Scenario Outline: What only looks like one
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | <written>           |
    Then the message <end>

    Examples:
      | written                      | end                                                              |
      | a99@abc.com                  | lands in Unassigned because no action has that number            |
      | a1234567890123456789012345678901234567890@abc.com | lands in Unassigned because no action has that number |
      | a055@abc.com                 | lands in Unassigned because no action has that number            |
      | a@abc.com                    | lands in Unassigned because nobody has that address              |
      | a1234x@abc.com               | lands in Unassigned because nobody has that address              |
      | xa1234@abc.com               | lands in Unassigned because nobody has that address              |
      | b1234@abc.com                | lands in Unassigned because nobody has that address              |
      | 1234@abc.com                 | lands in Unassigned because nobody has that address              |
      | a1234+x@abc.com              | lands in Unassigned because nobody has that address              |
      | a١٢٣٤@abc.com                | lands in Unassigned because nobody has that address              |
      | =?utf-8?Q?a1234?=@abc.com    | lands in Unassigned because nobody has that address              |
      | a1234@partner.example        | lands in Unassigned because it is for another domain             |
      | a1234@mail.abc.com           | lands in Unassigned because it is for another domain             |
      | a1234                        | goes to the fallback address because its recipient is no address |
      | a1234@                       | goes to the fallback address because its recipient is no address |
      | @abc.com                     | goes to the fallback address because its recipient is no address |
      | a1234 @ abc . com x          | goes to the fallback address because its recipient is no address |
      | =?utf-8?Q?a1234=40abc.com?=  | goes to the fallback address because its recipient is no address |
      | a1234@abc.com; a7@abc.com    | goes to the fallback address because its recipient is no address |
      | a1234@abc.com via forward    | goes to the fallback address because its recipient is no address |
      | rfc822;a1234@abc.com         | goes to the fallback address because its recipient is no address |
      | <>                           | goes to the fallback address because its recipient is no address |

  @R4.6
  Scenario Outline: An alias
    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | <written>           |
    Then the message is delivered to <targets>

    Examples:
      | written                      | targets                            |
      | Sales@ABC.com                | mary's mailbox and john's mailbox  |
      | ZOË@abc.com                  | mary's mailbox                     |
      | ZOË@abc.com                 | mary's mailbox                     |
      | BÜRO@xn--bcher-kva.example.  | john's mailbox                     |
      | büro@BÜCHER.example          | john's mailbox                     |
      | a55@abc.com                  | john's mailbox                     |
      | a7@abc.com                   | action 7                           |
      | a007@abc.com                 | action 7                           |

  @R4.4 @R4.6
  Scenario: An alias on another domain is never guessed from To
    When a message with these fields is routed:
      | From | jane@client.example |
      | To   | büro@bücher.example |
    Then the message lands in Unassigned because it names no recipient

  @R4.3 @R5.7
  Scenario Outline: What a provider writes around the address is understood where its profile says so
    Given the settings:
      | pop.common               | <provider> |
      | mailbox.catch_all_header | <field>    |
    When a message with these fields is routed:
      | From    | jane@client.example |
      | <field> | <written>           |
    Then the message is delivered to action 1234

    Examples:
      | provider | field              | written                |
      | qmail    | Delivered-To       | abc.com-a1234@abc.com  |
      | qmail    | Delivered-To       | ABC.com-a1234@abc.com  |
      | qmail    | Delivered-To       | a1234@abc.com          |
      | gmail    | X-Original-To      | a1234@abc.com          |

  @R4.3
  Scenario: Where no profile says so, it is read as it stands
    When a message with these fields is routed:
      | From         | jane@client.example   |
      | Delivered-To | abc.com-a1234@abc.com |
    Then the message lands in Unassigned because nobody has that address
