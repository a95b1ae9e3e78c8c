Feature: Microsoft Exchange has no catch-all mailbox, so a practice there is told so and works with a single one
  Exchange refuses mail for addresses that no mailbox has, and refuses senders that the account may not use. A practice
  hosted there sets its mailbox to single, and finds its actions by the thread or by the subject.

  @R1.13
  Scenario Outline: Catch-all mode is refused, and what to do is said
    Given a practice whose catch-all mailbox is matters@abc.com
    And the setting pop.common is <provider>
    When the settings are read
    Then this fault is told:
      """
      mailbox.type = "catch-all": <name> cannot have a catch-all mailbox (R1.13); write "single", or use another provider
      """

    Examples:
      | provider        | name                            |
      | m365            | Microsoft 365 / Exchange Online |
      | exchange_onprem | Exchange Server on premises     |

  @R1.13
  Scenario Outline: A single mailbox there is good, and a catch-all elsewhere
    Given a practice whose <mailbox>
    And the setting pop.common is <provider>
    When the settings are read
    Then the settings are taken

    Examples:
      | mailbox                              | provider |
      | single mailbox is matters@abc.com    | m365     |
      | catch-all mailbox is matters@abc.com | gmail    |

  Rule: With a single mailbox

    Background:
      Given a practice whose single mailbox is matters@abc.com
      And the practice has action 1234
      And the provider is m365
      And the provider refuses mail that no mailbox takes
      And jane@client.example answers every message

    @R1.13 @R3.1 @R5.3
    Scenario: Letters come from the mailbox's own address, which Exchange lets pass
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then jane@client.example gets a message from matters@abc.com
      And the reply lands in Unassigned because the sender was rewritten
      And the message was meant for action 1234
      And nothing is lost

    @R1.13 @R4.10
    Scenario: The thread brings the answer to its action
      Given the practice also goes by the thread of a message
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is delivered to action 1234
      And nothing is lost

    @R1.13 @R5.1 @R5.2
    Scenario: Mail to an action's address does not arrive, and its sender is told
      When peter@client.example writes to a1234@abc.com
      And all mail has arrived
      Then peter@client.example is told that a1234@abc.com was not reached
      And the mailbox at the provider is empty
      And nothing is lost
