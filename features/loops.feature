Feature: Mail does not go round in circles
  What the system forwarded itself, and what machines send to it unread, ends in Unassigned, where a person sees it.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  @R4.9
  Scenario Outline: What bears the system's own mark was forwarded before, whatever else it says
    When a message with these fields is routed:
      | From           | jane@client.example |
      | X-Mailsim-Loop | <mark>              |
      | Delivered-To   | a1234@abc.com       |
    Then the message lands in Unassigned because it goes round in a loop
    And the evidence is:
      | R4.9 | X-Mailsim-Loop: <mark> | this system forwarded it before: it ends here |

    Examples:
      | mark              |
      | matters@abc.com   |
      | Matters@ABC.com.  |
      | <matters@abc.com> |

  @R4.9
  Scenario: Another system's mark is none
    When a message with these fields is routed:
      | From           | jane@client.example       |
      | X-Mailsim-Loop | matters@elsewhere.example |
      | Delivered-To   | a1234@abc.com             |
    Then the message is delivered to action 1234
    And the evidence of R4.9 says "X-Mailsim-Loop: matters@elsewhere.example -> another system's address: no loop of ours"

  @R4.9
  Scenario: One of several marks is enough
    When a message with these fields is routed:
      | From           | jane@client.example       |
      | X-Mailsim-Loop | matters@elsewhere.example |
      | X-Mailsim-Loop | matters@abc.com           |
    Then the message lands in Unassigned because it goes round in a loop
    And the evidence of R4.9 says "X-Mailsim-Loop: matters@elsewhere.example, matters@abc.com"

  @R4.9
  Scenario Outline: The mark is seen in a header that cannot be read
    When the octets "<octets>" are routed
    Then the message lands in Unassigned because it goes round in a loop

    Examples:
      | octets                                                                     |
      | X-Mailsim-Loop: matters@abc.com␍␊Subject: a␀b␍␊␍␊                          |
      | From: a@b.example␍␊no field␍␊X-Mailsim-Loop: matters@abc.com␍␊To: x␍␊␍␊    |
      | From: a@b.example␍X-Mailsim-Loop: matters@abc.com␍␍Hello                   |

  Rule: A machine's mail is not forwarded to the fallback address

    @R4.9
    Scenario Outline: How a machine's mail is known
      When a message with these fields is routed:
        | From         | jane@client.example |
        | <field>      | <value>             |
        | Delivered-To | somebody            |
      Then the message lands in Unassigned because it goes round in a loop
      And the evidence of R4.9 says "<field>: <told> -> automatic: not forwarded to help@elsewhere.example"

      Examples:
        | field          | value           | told            |
        | Auto-Submitted | auto-replied    | auto-replied    |
        | Auto-Submitted | auto-generated  | auto-generated  |
        | Auto-Submitted | none            | none            |
        | Auto-Submitted | no (a           | no (a           |
        | Return-Path    | <>              | <>              |
        | Return-Path    | < >             | <>              |

    @R4.9
    Scenario Outline: And how a person's
      When a message with these fields is routed:
        | From         | jane@client.example |
        | <field>      | <value>             |
        | Delivered-To | somebody            |
      Then the message goes to the fallback address because its recipient is no address

      Examples:
        | field          | value                 |
        | Auto-Submitted | no                    |
        | Auto-Submitted | No (really) ; x=y     |
        | Auto-Submitted | (a) no                |
        | Auto-Submitted |                       |
        | Return-Path    | <jane@client.example> |
        | Precedence     | bulk                  |

    @R4.9
    Scenario Outline: Of several fields
      When a message with these fields is routed:
        | From         | jane@client.example |
        | <field>      | <first>             |
        | <field>      | <second>            |
        | Delivered-To | somebody            |
      Then the message <end>

      Examples:
        | field          | first                 | second       | end                                                                |
        | Auto-Submitted | no                    | auto-replied | lands in Unassigned because it goes round in a loop                |
        | Return-Path    |                       | <>           | lands in Unassigned because it goes round in a loop                |
        | Return-Path    | <jane@client.example> | <>           | goes to the fallback address because its recipient is no address   |

    @R4.9
    Scenario: A machine's mail whose recipient would be guessed
      When a message with these fields is routed:
        | From           | jane@client.example |
        | Auto-Submitted | auto-replied        |
        | To             | somebody            |
      Then the message lands in Unassigned because it goes round in a loop
      And the decision was a guess

    @R4.9
    Scenario: A machine's mail to an action is the action's
      When a message with these fields is routed:
        | From           | jane@client.example |
        | Auto-Submitted | auto-replied        |
        | Delivered-To   | a1234@abc.com       |
      Then the message is delivered to action 1234

    @R4.9
    Scenario: Also where the fallback address is somewhere else
      When a message with these fields is routed:
        | From           | jane@client.example    |
        | Auto-Submitted | auto-replied           |
        | To             | help@elsewhere.example |
      Then the message lands in Unassigned because it goes round in a loop
      And the decision was a guess

  Rule: Nor does it come back from there

    Background:
      Given the fallback address is help@abc.com
      And the setting mailbox.allow_fallback_clash is true

    @R1.3 @R4.9
    Scenario: A machine answers what was forwarded
      When a message with these fields is routed:
        | From           | jane@client.example |
        | Auto-Submitted | auto-replied        |
        | Delivered-To   | help@abc.com        |
      Then the message lands in Unassigned because it goes round in a loop
      And its recipient was help@abc.com
      And the evidence of R4.9 says "Auto-Submitted: auto-replied -> automatic, and addressed to the fallback address: it ends here"

    @R1.3 @R4.9
    Scenario: A person's mail to it is judged as any
      When a message with these fields is routed:
        | From         | jane@client.example |
        | Delivered-To | help@abc.com        |
      Then the message lands in Unassigned because nobody has that address

    @R4.9
    Scenario: A known recipient beside it counts
      When a message with these fields is routed:
        | From           | jane@client.example         |
        | Auto-Submitted | auto-replied                |
        | To             | help@abc.com, a1234@abc.com |
      Then the message is delivered to action 1234
