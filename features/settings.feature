Feature: Settings that cannot work are refused before any mail is lost
  Whoever sets up a practice's mail hears of every mistake at once, in words that say what to write instead.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com

  Rule: The mailbox is a single address or a catch-all

    @R1.1
    Scenario Outline: Both types are taken, others are not
      Given the setting mailbox.type is <type>
      When the settings are read
      Then the settings are <end>

      Examples:
        | type      | end                                               |
        | single    | taken                                             |
        | catch-all | taken                                             |
        | all       | refused because "must be \"single\""              |

    @R1.4
    Scenario: The default sender is the mailbox's own address, not the pattern of the catch-all
      Given the setting mailbox.default_sender is *@abc.com
      When the settings are read
      Then the settings are refused because "must be the system mailbox's own address"

  Rule: A POP server is named with its protocol

    @R1.5
    Scenario Outline: What can be collected from
      Given the practice collects from "<server>"
      When the settings are read
      Then the practice would collect from "<means>"

      Examples:
        | server                | means                 |
        | ssl://pop.abc.com     | ssl://pop.abc.com:995 |
        | tcp://pop.abc.com     | tcp://pop.abc.com:110 |
        | ssl://pop.abc.com:110 | ssl://pop.abc.com:110 |
        | ssl://[::1]:995       | ssl://[::1]:995       |

    @R1.5
    Scenario Outline: What cannot, and what to write instead
      Given the practice collects from "<server>"
      When the settings are read
      Then the settings are refused because "<words>"

      Examples:
        | server                  | words                        |
        | pop.abc.com             | ssl://pop.abc.com            |
        | imap://pop.abc.com      | ssl://                       |
        | ssl://pop.abc.com:993   | IMAP                         |
        | ssl://pop.abc.com:0     | 65535                        |
        | ssl://pop.abc.com:65536 | 65535                        |
        | ssl://pop abc.com       | host                         |

  Rule: An SMTP server has a port for submission and a known way to log in

    @R1.6
    Scenario: Port 25 is not for sending
      Given the practice sends through "smtp.abc.com" on port 25
      When the settings are read
      Then the settings are refused because "587"

    @R1.8
    Scenario Outline: How to log in
      Given the practice sends through "smtp.abc.com" on port 587
      And the setting smtp.authentication is <type>
      When the settings are read
      Then the practice would send through "smtp.abc.com:587 <type>"

      Examples:
        | type     |
        | plain    |
        | login    |
        | cram-md5 |
        | xoauth2  |

    @R1.8
    Scenario: No login at all
      Given the settings:
        | smtp.server         | smtp.abc.com |
        | smtp.port           | 587          |
        | smtp.authentication | none         |
      When the settings are read
      Then the practice would send through "smtp.abc.com:587 none"

    @R1.8
    Scenario: A way to log in that nobody knows
      Given the practice sends through "smtp.abc.com" on port 587
      And the setting smtp.authentication is kerberos
      When the settings are read
      Then the settings are refused because "cram-md5"

    @R1.7
    Scenario: The system's own servers fill in all the rest
      Given the practice sends through the system's own servers
      When the settings are read
      Then the settings are taken

    @R1.7
    Scenario Outline: Nothing else of the system's own servers may be set
      Given the practice sends through the system's own servers
      And the setting smtp.<key> is <value>
      When the settings are read
      Then the settings are refused because "localhost"

      Examples:
        | key            | value   |
        | port           | 587     |
        | authentication | plain   |
        | username       | matters |
        | password       | secret  |

  Rule: A provider's name stands for its common settings

    @R1.9 @R5.7
    Scenario: Gmail's servers need not be typed
      Given the settings:
        | pop.common    | gmail           |
        | pop.username  | matters@abc.com |
        | pop.password  | secret          |
        | smtp.common   | gmail           |
        | smtp.username | matters@abc.com |
        | smtp.password | secret          |
      When the settings are read
      Then the practice would collect from "ssl://pop.gmail.com:995"
      And the practice would send through "smtp.gmail.com:587 plain"

    @R1.9
    Scenario: What the user sets wins
      Given the settings:
        | smtp.common         | gmail           |
        | smtp.port           | 465             |
        | smtp.authentication | login           |
        | smtp.username       | matters@abc.com |
        | smtp.password       | secret          |
      When the settings are read
      Then the practice would send through "smtp.gmail.com:465 login"

    @R1.13
    Scenario: Exchange has no catch-all mailbox
      Given the setting pop.common is m365
      When the settings are read
      Then the settings are refused because "cannot have a catch-all mailbox"

  Rule: Faults are told all at once, and tell no secret

    @R1.12
    Scenario: Three mistakes, three lines
      Given the practice collects from "pop.abc.com"
      And the practice sends through "smtp.abc.com" on port 25
      And the fallback address is nobody@abc.com
      When the settings are read
      Then the settings are refused with 3 faults
      And the settings are refused because "pop.server"
      And the settings are refused because "smtp.port"
      And the settings are refused because "mailbox.fallback_address"

    @R1.11
    Scenario: A password is in no fault
      Given the practice sends through the system's own servers
      And the setting smtp.password is open-sesame
      And the setting pop.pasword is open-barley
      When the settings are read
      Then the settings are refused because "pop.pasword"
      And nothing shows "open-"

    @R1.11
    Scenario: Nor in what good settings display
      Given the practice sends through "smtp.abc.com" on port 587
      And the setting smtp.password is open-sesame
      When the settings are read
      Then the settings are taken
      And nothing shows "open-sesame"

  Rule: Advanced settings have an effect where they can

    @R1.10
    Scenario: A catch-all header does nothing for a single mailbox
      Given a practice whose single mailbox is abc@bigmail.example
      And the catch-all header is X-Original-To
      When the settings are read
      Then the settings are taken with the warning "catch-all mode only"

    @R1.10
    Scenario: Internal routing is direct or by SMTP
      Given the setting routing.internal is by-hand
      When the settings are read
      Then the settings are refused because "smtp"
