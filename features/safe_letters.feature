Feature: A letter tells nobody more than it should
  Blind copies are named nowhere, and no subject can smuggle a line into the header.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  @R3.9
  Scenario: A blind copy arrives, and is named nowhere
    When action 1234 writes to jane@client.example, blind copy to boss@client.example
    Then the letter nowhere names boss@client.example
    And the letter has To "jane@client.example"
    And the letter was submitted for jane@client.example and boss@client.example
    And boss@client.example gets 1 message
    And jane@client.example gets 1 message

  @R3.9
  Scenario Outline: A subject is one line, whatever stands in it
    When action 1234 writes to jane@client.example with the subject "<subject>"
    Then the letter has Subject "<shown>"
    And the letter has no Bcc
    And the letter was submitted for jane@client.example
    And the practice is warned of "control characters became spaces"

    Examples:
      | subject                        | shown                         |
      | Hello\\nBcc: boss@client.example | Hello  Bcc: boss@client.example |

  @R3.9
  Scenario: A harmless subject stays
    When action 1234 writes to jane@client.example with the subject "Lease"
    Then the letter has Subject "Lease"
    And the practice is warned of nothing

  @R3.9
  Scenario: A recipient named twice is reached once
    When action 1234 writes to jane@client.example and JANE@client.example
    Then the letter was submitted for jane@client.example
    And jane@client.example gets 1 message

  @R3.1 @R3.9
  Scenario: A letter is what its readers see, and nothing else
    Given the practice puts the action address in both
    When action 1234 writes to jane@client.example and joan@client.example, copy to peter@shop.example and anna@shop.example
    Then the letter reads, but for its date:
      """
      From: a1234@abc.com
      Reply-To: a1234@abc.com
      To: jane@client.example, joan@client.example
      Cc: peter@shop.example, anna@shop.example
      Subject: Draft agreement
      Message-ID: <0.1.a1234@abc.com>
      MIME-Version: 1.0
      Content-Type: text/plain; charset=us-ascii
      Content-Transfer-Encoding: 7bit

      Please read and answer.
      """
    And the letter was submitted for jane@client.example, joan@client.example, peter@shop.example and anna@shop.example
    And the practice is warned of nothing

  @R3.3
  Scenario: What the system sends of itself says so (RFC 3834)
    When the system notifies jane@client.example of action 1234
    Then the letter reads, but for its date:
      """
      From: matters@abc.com
      To: jane@client.example
      Subject: Reminder
      Message-ID: <0.1.a1234@abc.com>
      Auto-Submitted: auto-generated
      MIME-Version: 1.0
      Content-Type: text/plain; charset=us-ascii
      Content-Transfer-Encoding: 7bit

      Do not forget.
      """

  @R3.9
  Scenario: A letter without a subject has none
    When action 1234 writes to jane@client.example with the subject ""
    Then the letter has no Subject
