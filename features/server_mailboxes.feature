Feature: The provider puts mail where the domain's settings say
  A server mailbox takes its own mail. For the rest of the domain the catch-all setting says what happens.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  @R5.1
  Scenario: A server mailbox takes its own mail, the catch-all all other
    Given the provider has the mailboxes mary@abc.com and john@abc.com
    When jane@client.example writes to mary@abc.com
    And jane@client.example writes to a1234@abc.com
    And all mail has arrived
    Then mary@abc.com has 1 message at the provider
    And john@abc.com has 0 messages at the provider
    And the mailbox at the provider holds 1 message
    And nothing is lost

  @R5.1 @R4.3
  Scenario: A mailbox that forwards to the system mailbox leaves its name on the message
    Given the provider has the mailbox sales@abc.com
    And sales@abc.com forwards to matters@abc.com at the provider
    And the practice has user mary
    And the alias sales@abc.com leads to mary
    When jane@client.example writes to sales@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then the message is delivered to mary's mailbox

  Rule: The catch-all setting decides about the rest

    @R5.2
    Scenario: Forwarded to a mailbox of the domain
      Given the provider forwards mail that no mailbox takes to matters@abc.com
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 1234

    @R5.2
    Scenario: Forwarded to another mailbox than the practice collects from, where it lies unseen
      Given the provider forwards mail that no mailbox takes to office@abc.com
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      Then office@abc.com has 1 message at the provider
      And the mailbox at the provider is empty
      And nothing is lost

    @R5.2
    Scenario: Discarded, and nobody is told
      Given the provider discards mail that no mailbox takes
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      Then 1 message is discarded by the provider
      And jane@client.example gets nothing
      And nothing is lost

    @R5.2 @R3.8
    Scenario: Refused, and the sender is told
      Given the provider refuses mail that no mailbox takes
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      Then jane@client.example is told that a1234@abc.com was not reached
      And jane@client.example gets 1 message
      And the mailbox at the provider is empty
      And nothing is lost

    @R5.2
    Scenario Outline: Forwarding ends on the domain
      Given a practice with these tables:
        """
        [provider]
        catch_all = "<written>"
        """
      When the settings are read
      Then the settings are <end>

      Examples:
        | written                | end                                    |
        | matters@abc.com        | taken                                  |
        | discard                | taken                                  |
        | help@elsewhere.example | refused because "provider.catch_all"   |
        | throw                  | refused because "provider.catch_all"   |
