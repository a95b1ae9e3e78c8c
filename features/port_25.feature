Feature: Port 25 is never used for sending
  Port 25 is for mail between servers, and providers close it to their customers. It is refused three times: when the
  settings are read, when they are checked, and by the sender itself, whatever it was told.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  @R1.6
  Scenario Outline: When the settings are read
    Given a practice with these tables:
      """
      [smtp]
      server = "<server>"
      port = 25
      """
    When the settings are read
    Then this fault is told:
      """
      smtp.port = 25: port 25 is refused: it is for mail between servers, and a source of spam; use your provider's other port, most often 587 or 465, or server = "localhost"
      """

    Examples:
      | server         |
      | smtp.abc.com   |
      | smtp.gmail.com |

  @R1.6 @R2.3 @wire
  Scenario: When Check SMTP runs
    Given the practice sends through "smtp.abc.com" on port 587
    When the practice checks SMTP with these settings:
      | smtp.port | 25 |
    Then the check turns red because port 25 is not for sending
    And the check stops at the step settings
    And the advice is to "587 or 465"

  @R1.6 @wire
  Scenario: By the sender, just before it connects
    Given the practice sends through "smtp.abc.com" on port 587
    When "smtp.abc.com:587" leads to "127.0.0.1:25"
    And action 1234 tries to write to jane@client.example
    Then the practice refuses to send it because "port 25 is refused"
    And jane@client.example gets nothing
