Feature: Settings that are good, and yet something will go wrong, say so
  Each warning names the key and the value, what will happen, and what to do. Nothing is refused.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has users mary and john

  @R1.3 @R1.12
  Scenario: A clash that was allowed
    Given the fallback address is help@abc.com
    And the setting mailbox.allow_fallback_clash is true
    When the settings are read
    Then this warning is told:
      """
      mailbox.fallback_address = "help@abc.com": clashes with the catch-all *@abc.com of matters@abc.com: what is forwarded to help@abc.com would come back into matters@abc.com (R1.2); the loop is detected and ended (R4.9)
      """

  @R1.10
  Scenario: A catch-all header for a single mailbox
    Given a practice whose single mailbox is abc@bigmail.example
    And the catch-all header is X-Original-To
    When the settings are read
    Then this warning is told:
      """
      mailbox.catch_all_header = "X-Original-To": has an effect in catch-all mode only (R1.10); remove it
      """

  @R3.2
  Scenario: A user's From on a strange domain
    Given the practice has user ann who writes as ann@elsewhere.example
    When the settings are read
    Then this warning is told:
      """
      user[2].from = "ann@elsewhere.example": is not on the practice's domain abc.com: replies to it do not come back; use an address of abc.com with an alias
      """

  @R3.2
  Scenario: A user's From on the practice's own domain is worth no word
    Given the practice has user ann who writes as ann@abc.com
    When the settings are read
    Then no warning is told

  @R4.6
  Scenario Outline: Aliases that are not what they seem
    Given the alias <address> leads to mary
    When the settings are read
    Then this warning is told:
      """
      <told>
      """

    Examples:
      | address                | told |
      | a1234@abc.com          | alias[0].address = "a1234@abc.com": is the address of action 1234, which gets its mail; use another address |
      | A0001234@abc.com       | alias[0].address = "A0001234@abc.com": is the address of action 1234, which gets its mail; use another address |
      | a99@abc.com            | alias[0].address = "a99@abc.com": looks like the address of an action: an action 99 would take its mail; use another address |
      | matters@abc.com        | alias[0].address = "matters@abc.com": is the system mailbox's own address: replies whose sender was rewritten reach its mailboxes, not Unassigned; use another address |
      | help@elsewhere.example | mailbox.fallback_address = "help@elsewhere.example": alias[0].address is the fallback address too: unreadable mail sent there comes back into the practice; use an address outside the practice |

  @R4.6
  Scenario: One address, twice, is one alias
    Given the alias sales@abc.com leads to mary
    And the alias Sales@ABC.com leads to john
    When the settings are read
    Then this warning is told:
      """
      alias[1].address = "Sales@abc.com": is that of alias[0] too: its mail goes to the mailboxes of both; put all mailboxes into one [[alias]]
      """

  @R4.6
  Scenario Outline: Aliases that are just that
    Given the alias <address> leads to mary
    When the settings are read
    Then no warning is told

    Examples:
      | address            |
      | sales@abc.com      |
      | a99x@abc.com       |
      | a99@partner.example |

  @R4.6
  Scenario Outline: In a single mailbox actions have no addresses that an alias could look like
    Given a practice whose single mailbox is abc@bigmail.example
    And the alias <address> leads to mary
    When the settings are read
    Then no warning is told

    Examples:
      | address             |
      | a1234@bigmail.example |
      | abc@bigmail.example   |

  Rule: Where a provider is known by name, it is said which header names the recipient

    @R1.10 @R5.7
    Scenario Outline: No catch-all header is set
      Given the setting pop.common is <provider>
      When the settings are read
      Then this warning is told:
        """
        mailbox.catch_all_header: <told>
        """

      Examples:
        | provider | told |
        | fastmail | Fastmail names the recipient in X-Delivered-To; without it recipients are guessed from To and Cc; set it to "X-Delivered-To" |
        | cpanel   | cPanel hosting with Exim names the recipient in Envelope-to; without it recipients are guessed from To and Cc; set it to "Envelope-to" |
        | gmail    | Gmail and Google Workspace names only the mailbox, not the recipient: recipients are guessed from To and Cc, and a Bcc reaches nobody; have it add X-Gm-Original-To, and set "X-Gm-Original-To" here |
        | zoho     | Zoho Mail names only the mailbox, not the recipient: recipients are guessed from To and Cc, and a Bcc reaches nobody; send no Bcc to the practice |

    @R1.10 @R5.7
    Scenario: Another one is set than the provider writes
      Given the setting pop.common is fastmail
      And the catch-all header is X-Original-To
      When the settings are read
      Then this warning is told:
        """
        mailbox.catch_all_header = "X-Original-To": Fastmail is known to name the recipient in X-Delivered-To; write "X-Delivered-To", unless it was seen to do otherwise
        """

    @R1.10 @R5.7
    Scenario Outline: The right one is set, in whatever letters, or is read anyway
      Given the setting pop.common is <provider>
      And the setting mailbox.catch_all_header is <field>
      When the settings are read
      Then no warning is told

      Examples:
        | provider | field            |
        | fastmail | X-DELIVERED-TO   |
        | qmail    | Delivered-To     |
        | gmail    | X-Gm-Original-To |

    @R1.10 @R5.7
    Scenario: A host that writes Delivered-To needs none
      Given the setting pop.common is qmail
      When the settings are read
      Then no warning is told
