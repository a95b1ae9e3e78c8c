Feature: Copies of what the practice has sent are no new mail
  Some providers, Gmail among them, put a copy of each message that they send into the mailbox that it was sent for. The
  practice collects it, and knows it for what it is.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  @R5.8 @R4.14
  Scenario Outline: The copy goes nowhere, whatever the letter was sent from
    Given the provider keeps a copy of what it sends in the mailbox
    When <sender> writes to jane@client.example
    And all mail has arrived
    Then the mailbox at the provider holds 1 message
    When the practice collects its mail
    Then the message is a duplicate because it is a copy of what was sent
    And nobody inside holds anything
    And nothing is lost

    Examples:
      | sender       |
      | action 1234  |
      | the practice |

  @R5.8 @R5.7
  Scenario Outline: Who keeps copies is what is known of the provider
    Given the provider is <provider>
    When action 1234 writes to jane@client.example
    And all mail has arrived
    Then the mailbox at the provider holds <copies> messages

    Examples:
      | provider | copies |
      | gmail    | 1      |
      | postfix  | 0      |

  @R5.8 @R4.13
  Scenario: The copy of a letter to the practice itself is routed, and the letter then is the duplicate
    Given the provider keeps a copy of what it sends in the mailbox
    And internal mail goes out and comes back through the provider
    When action 1234 writes to a1234@abc.com
    And all mail has arrived
    And the practice collects its mail
    Then action 1234 holds 1 copy
    And nothing is lost
