@wire
Feature: A red check tells what is wrong, and never one mistake for another
  The world's servers are as they should be; the settings are not. Whoever typed them hears which step failed, what the
  likely cause is, and what to write instead.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice collects from "ssl://pop.abc.com:995"
    And the practice sends through "smtp.abc.com" on port 587

  Rule: Check POP

    @R2.3
    Scenario Outline: The POP server is another than the settings say
      When the practice checks POP with these settings:
        | pop.server | <server> |
      Then the check turns red because <cause>
      And the check stops at the step <step>
      And the advice is to "<words>"

      Examples:
        | server                 | cause                              | step    | words |
        | ssl://nowhere.abc.com  | the name is not found              | resolve | correct the host |
        | ssl://pop.abc.com:1995 | nobody listens there               | connect | port  |
        | tcp://pop.abc.com:995  | plain text is spoken to a TLS port | greeting | write ssl:// instead of tcp:// |
        | tcp://smtp.abc.com:587 | no POP server answers there        | greeting | POP |
        | ssl://smtp.abc.com:587 | no POP server answers there        | tls     | POP |

    @R2.3 @R1.5
    Scenario Outline: No server need be asked
      When the practice checks POP with these settings:
        | <key> | <value> |
      Then the check turns red because <cause>
      And the check stops at the step settings
      And the advice is to "<words>"

      Examples:
        | key          | value                 | cause                        | words |
        | pop.server   | ssl://pop.abc.com:993 | port 993 is for IMAP         | 995   |
        | pop.server   | pop.abc.com           | the settings lack something  | ssl://pop.abc.com |
        | pop.username | 7                     | the settings lack something  | quotes |

    @R2.3
    Scenario: A server that speaks plain text where TLS is set
      Given the practice collects from "tcp://pop.abc.com:110"
      When the practice checks POP with these settings:
        | pop.server | ssl://pop.abc.com:110 |
      Then the check turns red because TLS is spoken to a plain port
      And the check stops at the step tls

    @R2.3
    Scenario: A certificate for another name
      When "mail.abc.com:995" leads to "pop.abc.com:995"
      And the practice checks POP with these settings:
        | pop.server | ssl://mail.abc.com:995 |
      Then the check turns red because the certificate is for another host
      And the check stops at the step tls

    @R2.3 @R1.11
    Scenario: A wrong password is told, and not shown
      When the practice checks POP with these settings:
        | pop.password | open-sesame |
      Then the check turns red because the credentials are wrong
      And the check stops at the step login
      And the check nowhere shows "open-sesame"

  Rule: Check SMTP

    @R2.3
    Scenario Outline: The SMTP server is another than the settings say
      When the practice checks SMTP with these settings:
        | smtp.server | <server> |
        | smtp.port   | <port>   |
      Then the check turns red because <cause>
      And the check stops at the step <step>

      Examples:
        | server           | port | cause                              | step     |
        | nowhere.abc.com  | 587  | the name is not found              | resolve  |
        | smtp.abc.com     | 2587 | nobody listens there               | connect  |
        | pop.abc.com      | 995  | no SMTP server answers there       | greeting |

    @R2.3
    Scenario Outline: A server that speaks TLS from the first word, or does not, where the settings say otherwise
      Given the practice sends through "smtp.abc.com" on port <port>
      When "<server>" leads to "smtp.abc.com:<port>"
      And the practice checks SMTP with these settings:
        | smtp.server | <name>   |
        | smtp.port   | <wanted> |
      Then the check turns red because <cause>
      And the check stops at the step <step>

      Examples:
        | port | server           | name         | wanted | cause                               | step     |
        | 465  | smtp.abc.com:587 | smtp.abc.com | 587    | plain text is spoken to a TLS port  | greeting |
        | 587  | smtp.abc.com:465 | smtp.abc.com | 465    | TLS is spoken to a plain port       | tls      |
        | 465  | mail.abc.com:465 | mail.abc.com | 465    | the certificate is for another host | tls      |
        | 587  | mail.abc.com:587 | mail.abc.com | 587    | the certificate is for another host | tls      |

    @R2.3
    Scenario Outline: No SMTP server need be asked
      When the practice checks SMTP with these settings:
        | <key> | <value> |
      Then the check turns red because <cause>
      And the check stops at the step settings
      And the advice is to "<words>"

      Examples:
        | key                 | value    | cause                       | words              |
        | smtp.port           | 0        | the settings lack something | 587                |
        | smtp.authentication | kerberos | the settings lack something | one of these       |
        | smtp.username       | ""       | the settings lack something | smtp.username      |

    @R2.3
    Scenario: A server that keeps silent
      Given the fault "smtp:CONNECT:every:stall"
      When the practice checks SMTP
      Then the check turns red because the server does not answer in time
      And the check stops at the step greeting
