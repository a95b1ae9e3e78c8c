Feature: Which provider loses replies
  The same letter from action 1234, answered by Jane, through one provider after the other. What decides: what the
  provider does with a sender that is not the account's, where the practice puts the action's address, what Jane's
  program answers, and whether the provider's header names the recipient. The whole table is computed in the notebook
  "Which provider loses replies"; here are its lines that people ask about.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  Rule: Where the account may send as the action, replies come back

    @R5.3 @R5.7
    Scenario Outline: Providers that keep the sender
      Given the provider is <provider>
      And jane@client.example answers every message, ignoring Reply-To
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is delivered to action 1234
      And nothing is lost

      Examples:
        | provider |
        | cpanel   |
        | ionos    |
        | postfix  |

    @R5.3
    Scenario: Send-on-behalf-of keeps the sender too
      Given a provider that rewrites foreign senders
      And the provider lets any account send on behalf of others
      And jane@client.example answers every message
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is delivered to action 1234

  Rule: Gmail rewrites the sender, and its header names the mailbox only

    @R5.3 @R5.7 @R3.4
    Scenario Outline: The wildcard mailbox on Gmail
      Given the provider is gmail
      And the practice puts the action address in <place>
      And <answers>
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then <target> holds 1 copy
      And nothing is lost

      Examples:
        | place    | answers                                                        | target      |
        | From     | jane@client.example answers every message                      | Unassigned  |
        | From     | jane@client.example answers every message, ignoring Reply-To   | Unassigned  |
        | Reply-To | jane@client.example answers every message                      | action 1234 |
        | Reply-To | jane@client.example answers every message, ignoring Reply-To   | Unassigned  |
        | both     | jane@client.example answers every message                      | action 1234 |
        | both     | jane@client.example answers every message, ignoring Reply-To   | Unassigned  |

    @R5.7 @R4.4
    Scenario: A reply that names the action in To is found by a guess
      Given the provider is gmail
      And the practice puts the action address in Reply-To
      And jane@client.example answers every message
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is delivered to action 1234
      And the decision was a guess

    @R5.7 @R4.4
    Scenario: A blind copy to an action is lost to it, as nothing names it any more
      Given the provider is gmail
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        To: somebody@client.example

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message lands in Unassigned because it is for the system mailbox itself

    @R5.7 @R4.3
    Scenario: The same blind copy at a provider whose header names the recipient
      Given the provider is fastmail
      And the catch-all header is X-Delivered-To
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        To: somebody@client.example

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message is delivered to action 1234

  Rule: Exchange refuses the sender, and has no catch-all mailbox

    @R5.3 @R5.7
    Scenario Outline: A letter from an action does not leave
      Given the provider is <provider>
      And the provider forwards mail that no mailbox takes to matters@abc.com
      When action 1234 writes to jane@client.example
      Then the practice is told <code> and "<words>"
      And jane@client.example gets nothing
      And nothing is lost

      Examples:
        | provider        | code | words                                                             |
        | m365            | 554  | SendAsDenied; matters@abc.com not allowed to send as a1234@abc.com |
        | exchange_onprem | 550  | Client does not have permissions to send as this sender           |

    @R1.13 @R5.2
    Scenario: And mail to the action is refused, for no mailbox takes it
      Given the provider is m365
      And the provider refuses mail that no mailbox takes
      When jane@client.example writes to a1234@abc.com
      And all mail has arrived
      Then jane@client.example is told that a1234@abc.com was not reached
      And nothing is lost

  Rule: What a provider takes and gives up later comes back as a report

    @R5.3 @R3.8
    Scenario: Postmark accepts a sender that it does not know, and reports
      Given the provider is postmark
      And the provider forwards mail that no mailbox takes to matters@abc.com
      And the practice has user mary
      When user mary writes to jane@client.example as mary@elsewhere.example
      And all mail has arrived
      Then jane@client.example gets nothing
      And mary@elsewhere.example is told that jane@client.example was not reached
      And nothing is lost

  Rule: An open relay asks nobody who they are

    @R5.3
    Scenario Outline: Whoever does not log in is let through, or not
      Given a practice with these tables:
        """
        [smtp]
        server = "smtp.abc.com"
        port = 587
        authentication = "none"

        [provider]
        sender_policy = "reject"
        open_relay = <open>
        """
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then jane@client.example gets <mail>
      And nothing is lost

      Examples:
        | open  | mail      |
        | true  | 1 message |
        | false | nothing   |
