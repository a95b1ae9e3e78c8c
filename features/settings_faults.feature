Feature: Every mistake in the settings is told with its cure
  Whoever edits a site file hears of each fault in one line: the key, what stands there, what is allowed, what to write instead.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com

  @R1.12
  Scenario Outline: Each mistake has its line
    Given a practice with these tables:
      """
      <table>
      <line>
      """
    When the settings are read
    Then this fault is told:
      """
      <told>
      """

    Examples:
      | table      | line                                         | told                                                                                                                                                                     |
      | [mailbox]  | type = "Single"                              | mailbox.type = "Single": must be "single" or "catch-all"; write "single"                                                                                                 |
      | [mailbox]  | type = true                                  | mailbox.type = true: must be "single" or "catch-all"; write one of these                                                                                                 |
      | [mailbox]  | default_sender = "Matters <matters@abc.com>" | mailbox.default_sender = "Matters <matters@abc.com>": must be one address, such as help@elsewhere.example; write "matters@abc.com" alone                                 |
      | [mailbox]  | default_sender = "matters"                   | mailbox.default_sender = "matters": must be one address, such as help@elsewhere.example; write its local part, @ and domain                                              |
      | [mailbox]  | default_sender = "a@abc.com, b@abc.com"      | mailbox.default_sender = "a@abc.com, b@abc.com": must be one address, such as help@elsewhere.example; write its local part, @ and domain                                 |
      | [mailbox]  | default_sender = 5                           | mailbox.default_sender = 5: must be one address, such as help@elsewhere.example; write it in quotes                                                                      |
      | [mailbox]  | allow_fallback_clash = "yes"                 | mailbox.allow_fallback_clash = "yes": must be true or false; write it without quotes                                                                                     |
      | [mailbox]  | catch_all_header = "X Original To"           | mailbox.catch_all_header = "X Original To": must be a header field's name: no spaces, no colon; write such as "X-Original-To"                                            |
      | [mailbox]  | catch_all_header = "X-BOX :"                 | mailbox.catch_all_header = "X-BOX :": must be a header field's name: no spaces, no colon; write "X-BOX"                                                                  |
      | [mailbox]  | catch_all_header = "received"                | mailbox.catch_all_header = "received": must be a field that tells the recipient; Received tells the way, not the recipient; write such as "X-Original-To"                |
      | [mailbox]  | catch_all_header = "Bcc"                     | mailbox.catch_all_header = "Bcc": must be a field that tells the recipient; Bcc names who must stay unnamed; write such as "X-Original-To"                               |
      | [pop]      | server = 995                                 | pop.server = 995: must be ssl://HOST:995 or tcp://HOST:110; write it in quotes                                                                                           |
      | [pop]      | server = "ssl://pop.gmail.com:993"           | pop.server = "ssl://pop.gmail.com:993": port 993 is for IMAP, which is not supported; write "ssl://pop.gmail.com:995"                                                    |
      | [pop]      | username = ""                                | pop.username = "": must be a name, not empty and without control characters; write the name as it is shown                                                               |
      | [pop]      | username = " "                               | pop.username = " ": must be a name, not empty and without control characters; write the name as it is shown                                                              |
      | [pop]      | password = 12345                             | pop.password = ***: must be text; write it in quotes                                                                                                                     |
      | [pop]      | password_env = "s3same!"                     | pop.password_env = ***: must be the name of an environment variable; write the password itself under password                                                            |
      | [pop]      | common = "Gmial"                             | pop.common = "Gmial": must be a built-in provider; `mailsim providers` lists them; write "gmail"                                                                         |
      | [pop]      | common = "zzz"                               | pop.common = "zzz": must be a built-in provider; `mailsim providers` lists them; remove it, and give the server yourself                                                 |
      | [pop]      | passwrd = "sesame"                           | pop.passwrd = ***: is no key here; known are common, server, username, password, password_env; write password                                                            |
      | [smtp]     | server = "smtp.gmail.com:587"                | smtp.server = "smtp.gmail.com:587": must be a host name alone, without prefix and port; write "smtp.gmail.com" and port = 587                                            |
      | [smtp]     | port = 25                                    | smtp.port = 25: port 25 is refused: it is for mail between servers, and a source of spam; use your provider's other port, most often 587 or 465, or server = "localhost" |
      | [smtp]     | port = "587"                                 | smtp.port = "587": must be a whole number; write it without quotes and point                                                                                             |
      | [smtp]     | authentication = "cram_md5"                  | smtp.authentication = "cram_md5": must be "none", "plain", "login", "cram-md5" or "xoauth2"; write "cram-md5"                                                            |
      | [routing]  | resolvers = ["address"]                      | routing.resolvers[0] = "address": must be "sub-address", "thread" or "subject-token"; write "sub-address"                                                                |
      | [routing]  | resolvers = ["THREAT"]                       | routing.resolvers[0] = "THREAT": must be "sub-address", "thread" or "subject-token"; write "thread"                                                                      |
      | [routing]  | resolvers = [7]                              | routing.resolvers[0] = 7: must be "sub-address", "thread" or "subject-token"; write one of these                                                                         |
      | [routing]  | resolvers = ["thread", "thread"]             | routing.resolvers = [...]: must name each resolver once; remove the repetition                                                                                           |
      | [routing]  | resolvers = "thread"                         | routing.resolvers = "thread": must be an array; write it in brackets: [...], or [[...]] for tables                                                                       |
      | [routing]  | action_address_in = "reply_to"               | routing.action_address_in = "reply_to": must be "from", "reply-to" or "both"; write "reply-to"                                                                           |
      | [routing]  | internal = "by-hand"                         | routing.internal = "by-hand": must be "direct" or "smtp"; write one of these                                                                                             |
      | [routing]  | catch_all_header = "To"                      | routing.catch_all_header = "To": is no key here; known are internal, action_address_in, resolvers; it belongs under [mailbox]                                            |
      | [[action]] | id = -1                                      | action[0].id = -1: must be a number from 0, of at most 18 digits; write the number in the action's address                                                               |
      | [[action]] | id = 1000000000000000000                     | action[0].id = 1000000000000000000: must be a number from 0, of at most 18 digits; write the number in the action's address                                              |
      | [[action]] | id = 1.0                                     | action[0].id = 1.0: must be a whole number; write it without quotes and point                                                                                            |
      | [[user]]   | from = "mary@abc.com"                        | user[0].name: is required: The user's and the mailbox's name; add name = ...                                                                                             |
      | [[sent]]   | message_id = "a@b"                           | sent[0].message_id = "a@b": must be a Message-ID in angle brackets; write "<a@b>"                                                                                        |
      | [[sent]]   | message_id = "<a@b.X"                        | sent[0].message_id = "<a@b.X": must be a Message-ID in angle brackets; write "<a@b.X>"                                                                                   |
      | [[sent]]   | message_id = "a b"                           | sent[0].message_id = "a b": must be a Message-ID in angle brackets; write such as "<20261123.1234@abc.com>"                                                              |

  @R1.12
  Scenario: A mistake does not hide another
    Given a practice with these tables:
      """
      [mailbox]
      fallback_address = "help@abc.com"
      catchall_header = "To"

      [[user]]
      name = "mary"
      from = 3

      [[alias]]
      address = "a@abc.com"
      mailboxes = ["mary", "jo"]
      """
    When the settings are read
    Then the settings are refused with 4 faults
    And the settings are refused because "mailbox.catchall_header"
    And the settings are refused because "user[0].from"
    And the settings are refused because "mailbox.fallback_address"
    And the settings are refused because "alias[0].mailboxes[1]"

  @R1.12
  Scenario Outline: Names stand once
    Given a practice with these tables:
      """
      <tables>
      """
    When the settings are read
    Then this fault is told:
      """
      <told>
      """

    Examples:
      | tables                                    | told                                             |
      | action = [{id = 7}, {id = 8}, {id = 7}]   | action[2].id = 7: is that of action[0] too; remove one |
      | user = [{name = "mary"}, {name = "mary"}] | user[1].name = "mary": is that of user[0] too; remove or rename one |
      | sent = [{message_id = "<a@b>", action = 1}, {message_id = "<c@b>", action = 1}, {message_id = "<a@b>", action = 2}] | sent[2].message_id = "<a@b>": is that of sent[0] too, with another action; remove one |

  @R1.2
  Scenario Outline: A clash names both addresses, and says what would happen
    Given the fallback address is <written>
    When the settings are read
    Then this fault is told:
      """
      mailbox.fallback_address = "<address>": clashes with the catch-all *@abc.com of matters@abc.com: what is forwarded to <address> would come back into matters@abc.com (R1.2); use an address on another domain
      """

    Examples:
      | written         | address         |
      | help@abc.com    | help@abc.com    |
      | help@ABC.com    | help@abc.com    |
      | help@abc.com.   | help@abc.com    |
      | matters@abc.com | matters@abc.com |

  @R1.2
  Scenario: The domain is compared in every form
    Given a practice whose catch-all mailbox is matters@bücher.example
    And the fallback address is help@XN--BCHER-KVA.example
    When the settings are read
    Then the settings are refused because "clashes with the catch-all"


  @R1.12
  Scenario: A table that is none names the nearest
    Given a practice with these tables:
      """
      [rooting]
      internal = "smtp"
      """
    When the settings are read
    Then the settings are refused because "write routing"

  @R1.12 @R4.6
  Scenario Outline: An alias names users that there are
    Given the practice has users mary and john
    And the alias sales@abc.com leads to john and <name>
    When the settings are read
    Then this fault is told:
      """
      <told>
      """

    Examples:
      | name  | told |
      | marie | alias[0].mailboxes[1] = "marie": no [[user]] has this name; write "mary" |
      | peter | alias[0].mailboxes[1] = "peter": no [[user]] has this name; add [[user]] with name = "peter" |

  @R1.12
  Scenario Outline: Where users are faulty, no alias is blamed for them
    Given a practice with these tables:
      """
      [[user]]
      name = <name>

      [[alias]]
      address = "sales@abc.com"
      mailboxes = ["mary"]
      """
    When the settings are read
    Then the settings are refused with <faults>
    And the settings are refused because "<words>"

    Examples:
      | name    | faults  | words                |
      | 7       | 1 fault | user[0].name         |
      | "john"  | 1 fault | alias[0].mailboxes[0] |

  @R1.12
  Scenario: Two sent messages of one id and one action are no contradiction
    Given the practice once sent "<a@abc.com>" from action 1
    And the practice once sent "<a@abc.com>" from action 1
    When the settings are read
    Then the settings are taken

  @R1.11 @R1.12
  Scenario Outline: A password stands once, and is not shown
    Given a practice with these tables:
      """
      [<table>]
      password = "open-sesame"
      password_env = "SESAME"
      """
    When the settings are read
    Then this fault is told:
      """
      <table>.password_env = ***: stands beside <table>.password, and only one of them may be given; remove one
      """
    And nothing shows "open-sesame"

    Examples:
      | table |
      | pop   |
      | smtp  |

  @R1.4
  Scenario: The pattern of the catch-all is no sender
    Given the setting mailbox.default_sender is *@abc.com
    When the settings are read
    Then this fault is told:
      """
      mailbox.default_sender = "*@abc.com": must be the system mailbox's own address, not the pattern of the catch-all; write such as "matters@abc.com"
      """

  @R1.7
  Scenario Outline: Nothing stands beside localhost
    Given a practice with these tables:
      """
      [smtp]
      server = "localhost"
      <line>
      """
    When the settings are read
    Then this fault is told:
      """
      smtp.<told>: must not be given with server = "localhost": the system fills it (R1.7); remove it
      """

    Examples:
      | line                     | told                   |
      | port = 587               | port = 587             |
      | authentication = "none"  | authentication = "none" |
      | username = "matters"     | username = "matters"   |
      | password = "open-sesame" | password = ***         |
      | common = "gmail"         | common = "gmail"       |

  @R1.12
  Scenario Outline: What would not be shown cannot be named
    Given a practice with these tables:
      """
      <table>
      <line>
      """
    When the settings are read
    Then this fault is told:
      """
      <told>
      """

    Examples:
      | table      | line                                  | told |
      | [mailbox]  | default_sender = "m\u0007@abc.com"    | mailbox.default_sender = "m\u0007@abc.com": must not hold control characters; remove them |
      | [[action]] | name = "Smith\u0007"                  | action[0].name = "Smith\u0007": must be one line without control characters; remove them |
      | [[user]]   | name = " "                            | user[0].name = " ": must be a name, not empty and without control characters; write the name as it is shown |
      | [[user]]   | name = "ma\u0007ry"                   | user[0].name = "ma\u0007ry": must be a name, not empty and without control characters; write the name as it is shown |
      | [mailbox]  | catch_all_header = "Bcc"              | mailbox.catch_all_header = "Bcc": must be a field that tells the recipient; Bcc names who must stay unnamed; write such as "X-Original-To" |
      | [mailbox]  | fallback_address = "a@b.example a@c"  | mailbox.fallback_address = "a@b.example a@c": must be one address, such as help@elsewhere.example; write its local part, @ and domain |
      | [smtp]     | password_env = "1ST"                  | smtp.password_env = ***: must be the name of an environment variable; write the password itself under password |
      | [[sent]]   | message_id = "<a b>"                  | sent[0].message_id = "<a b>": must be a Message-ID in angle brackets; write such as "<20261123.1234@abc.com>" |
      | [[sent]]   | message_id = "<a@b>\u0007"            | sent[0].message_id = "<a@b>\u0007": must be a Message-ID in angle brackets; write such as "<20261123.1234@abc.com>" |
      | [pop]      | common = "Gmail"                      | pop.common = "Gmail": must be a built-in provider; `mailsim providers` lists them; write "gmail" |

  @R1.8 @R1.9 @R1.12
  Scenario Outline: What is at its limit is good
    Given a practice with these tables:
      """
      <table>
      <line>
      """
    When the settings are read
    Then the settings are taken

    Examples:
      | table      | line                                  |
      | [[action]] | id = 0                                |
      | [[action]] | id = 999999999999999999               |
      | [pop]      | common = "gmail"                      |
      | [pop]      | password_env = "_MAIL_2"              |
      | [smtp]     | port = 1                              |
      | [smtp]     | port = 65535                          |
      | [routing]  | resolvers = ["thread", "sub-address"] |
