Feature: A reply comes back to its action, or we are told why it did not

  A practice writes from its actions: action 1234 as a1234@abc.com. Whoever answers, answers that
  address, and the catch-all mailbox brings the answer back to the action. But a mail provider may put
  its own account in the place of the sender, or refuse the message altogether. Then the way back is
  broken, and nobody may have to find that out by a missing answer.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And jane@client.example answers every message

  Rule: Where the provider lets the sender stand, the reply finds its action

    @R3.1 @R4.5 @R5.3
    Scenario: The provider accepts any sender
      Given a provider that accepts foreign senders
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is addressed to a1234@abc.com
      And the reply is delivered to action 1234
      And nothing is lost

  Rule: Where the provider rewrites the sender, the reply is kept, and says whom it was meant for

    Background:
      Given a provider that rewrites foreign senders

    @R4.7 @R5.3
    Scenario: The reply goes to the mailbox's own address and lands in Unassigned
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is addressed to matters@abc.com
      And the reply lands in Unassigned because the sender was rewritten
      And the reply was meant for action 1234
      And nothing is lost

    @R3.1 @R5.3
    Scenario: Registering the action's address as send-as mends it
      Given a1234@abc.com is registered at the provider as a send-as address
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is addressed to a1234@abc.com
      And the reply is delivered to action 1234

    @R3.4
    Scenario Outline: The action's address in Reply-To mends it too, whatever becomes of From
      Given the practice puts the action address in <place>
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is addressed to a1234@abc.com
      And the reply is delivered to action 1234

      Examples:
        | place    |
        | Reply-To |
        | both     |

    @R3.4 @R4.7
    Scenario: Reply-To does not help where a mail program ignores it, and then we are told
      Given the practice puts the action address in Reply-To
      And peter@client.example answers every message, ignoring Reply-To
      When action 1234 writes to peter@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is addressed to matters@abc.com
      And the reply lands in Unassigned because the sender was rewritten
      And the reply was meant for action 1234

  Rule: Where the provider rejects the sender, nothing leaves, and the practice hears the provider's own words

    Background:
      Given a provider that rejects foreign senders

    @R3.8 @R5.3
    Scenario: The message is refused
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then the practice is told 554 and "SendAsDenied; matters@abc.com not allowed to send as a1234@abc.com"
      And jane@client.example gets nothing
      And nothing is lost

    @R3.1 @R5.3
    Scenario: Registering the action's address as send-as lets the message through, and the reply back
      Given a1234@abc.com is registered at the provider as a send-as address
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is delivered to action 1234
