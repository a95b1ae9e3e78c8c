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
