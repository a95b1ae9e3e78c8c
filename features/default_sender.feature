Feature: Every letter has the sender that its readers should answer
  A letter from an action comes from the action's own address. All other mail comes from the default sender, unless somebody
  who may says otherwise; what the system sends of itself always does.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has user john
    And the practice has user ann who writes as ann@abc.com

  @R3.1
  Scenario: A letter from an action
    When action 1234 writes to jane@client.example
    Then the letter has From "a1234@abc.com"
    And the letter has no Reply-To
    And jane@client.example gets a message from a1234@abc.com

  @R3.4
  Scenario Outline: Where the action's address goes
    Given the practice puts the action address in <place>
    When action 1234 writes to jane@client.example
    Then the letter has From "<from>"
    And the letter has Reply-To "a1234@abc.com"
    And jane@client.example gets a message from <from>

    Examples:
      | place    | from            |
      | Reply-To | matters@abc.com |
      | both     | a1234@abc.com   |

  @R3.4
  Scenario: In From alone, as without any setting
    Given the practice puts the action address in From
    When action 1234 writes to jane@client.example
    Then the letter has From "a1234@abc.com"
    And the letter has no Reply-To

  @R3.1 @R3.4
  Scenario Outline: In a single mailbox actions have no addresses
    Given a practice whose single mailbox is abc@bigmail.example
    And the practice puts the action address in <place>
    When action 1234 writes to jane@client.example
    Then the letter has From "abc@bigmail.example"
    And the letter has no Reply-To

    Examples:
      | place    |
      | From     |
      | Reply-To |
      | both     |

  Rule: Other letters come from the default sender, unless overridden

    @R3.2
    Scenario: Nobody overrides it
      When the practice writes to jane@client.example
      Then the letter has From "matters@abc.com"
      And the letter has no Reply-To
      And jane@client.example gets a message from matters@abc.com

    @R3.2
    Scenario: A user without a From of their own
      When user john writes to jane@client.example
      Then the letter has From "matters@abc.com"

    @R3.2
    Scenario: A user with a From of their own
      When user ann writes to jane@client.example
      Then the letter has From "ann@abc.com"
      And jane@client.example gets a message from ann@abc.com

    @R3.2
    Scenario: The composer's choice stands above the user's
      When user ann writes to jane@client.example as sales@abc.com
      Then the letter has From "sales@abc.com"
      And jane@client.example gets a message from sales@abc.com

    @R3.1 @R3.2
    Scenario: Neither counts in a letter from an action, and the writer hears so
      When action 1234 writes to jane@client.example as sales@abc.com
      Then the letter has From "a1234@abc.com"
      And the practice is warned of "From sales@abc.com does not count: the message is sent from action 1234"

    @R3.2
    Scenario: Nobody is warned where nothing is wrong
      When user ann writes to jane@client.example
      Then the practice is warned of nothing

  Rule: What the system sends of itself comes from the default sender

    @R3.3
    Scenario: Whatever the user's From
      When the system notifies jane@client.example for user ann
      Then the letter has From "matters@abc.com"
      And the letter has Auto-Submitted "auto-generated"
      And jane@client.example gets a message from matters@abc.com

    @R3.3
    Scenario: Even for an action; its answer still finds the action by Reply-To
      Given the practice puts the action address in both
      When the system notifies jane@client.example of action 1234
      Then the letter has From "matters@abc.com"
      And the letter has Reply-To "a1234@abc.com"

    @R3.3
    Scenario: A person's letter does not say that it is automatic
      When user ann writes to jane@client.example
      Then the letter has no Auto-Submitted
