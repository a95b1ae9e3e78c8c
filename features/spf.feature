Feature: SPF says who may send as a domain, and what the domain should publish
  A domain names in DNS the servers that may send for it. Whoever sends through the system's own servers must name those
  too, or mail is marked or refused; the advice says what to publish.

  @R5.5
  Scenario Outline: A receiving server evaluates SPF for each connecting address
    Given the DNS records:
      | abc.com | TXT | v=spf1 ip4:192.0.2.0/24 -all |
    When a server at "<address>" sends as matters@abc.com
    Then SPF says <result>

    Examples:
      | address      | result |
      | 192.0.2.1    | pass   |
      | 198.51.100.1 | fail   |

  @R5.6
  Scenario: A domain without a record is told one
    When somebody asks what SPF record to publish
    Then the advised record is "v=spf1 a mx ptr include:_spf.actionstep.com ~all"

  @R5.6
  Scenario: A record keeps what it has, and gets the include before all
    When somebody asks what SPF record to publish instead of "v=spf1 mx -all"
    Then the advised record is "v=spf1 mx include:_spf.actionstep.com -all"

  @R5.6
  Scenario: What is discouraged is told
    When somebody asks what SPF record to publish instead of "v=spf1 ptr -all"
    Then the advice warns of "discouraged"

  @R5.6
  Scenario: A record that lets everybody send is not kept
    When somebody asks what SPF record to publish instead of "v=spf1 mx +all"
    Then the advised record is "v=spf1 mx include:_spf.actionstep.com ~all"
    And the advice warns of "lets everybody send"

  @R5.6
  Scenario: One record is enough, and several are none
    When somebody asks what SPF record to publish instead of these:
      | v=spf1 mx -all                 |
      | v=spf1 ip4:192.0.2.0/24 ~all   |
    Then the advice warns of "2 SPF records: receivers take none of them"

  @R5.6
  Scenario: A record that asks DNS too often
    When somebody asks what SPF record to publish instead of "v=spf1 a:1.abc.com a:2.abc.com a:3.abc.com a:4.abc.com a:5.abc.com a:6.abc.com a:7.abc.com a:8.abc.com a:9.abc.com mx -all"
    Then the advice warns of "11 look-ups: over 10 receivers give up"

  @R5.6
  Scenario: A record that has the include already stays as it is
    When somebody asks what SPF record to publish instead of "v=spf1 mx include:_spf.actionstep.com -all"
    Then the advised record is "v=spf1 mx include:_spf.actionstep.com -all"

  Rule: MX records lead mail, and receiving servers act on SPF as they are set

    Background:
      Given a practice whose catch-all mailbox is matters@abc.com
      And the practice has action 1234

    @R5.5 @R5.6
    Scenario: Mail through the system's own servers fails where the record forgot them, and the action is told
      Given the practice sends through the system's own servers
      And the DNS records:
        | abc.com | TXT | v=spf1 mx -all |
      And jane@client.example answers every message, behind a server that refuses mail that fails SPF
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then SPF says fail at "mx.client.example"
      And a1234@abc.com is told that jane@client.example was not reached
      When the practice collects its mail
      Then the message is delivered to action 1234
      And nothing is lost

    @R5.5 @R5.6
    Scenario: With the advised record it passes, and the reply comes back
      Given the practice sends through the system's own servers
      And the DNS records:
        | abc.com | TXT | v=spf1 mx include:_spf.actionstep.com -all |
      And jane@client.example answers every message, behind a server that refuses mail that fails SPF
      When action 1234 writes to jane@client.example
      And all mail has arrived
      And the practice collects its mail
      Then the reply is delivered to action 1234
      And nothing is lost

    @R5.5
    Scenario Outline: What the provider does with mail that somebody else sends in the practice's name
      Given the provider <does> mail that fails SPF
      And the DNS records:
        | abc.com | TXT | v=spf1 a:smtp.abc.com -all |
      When matters@abc.com writes to a1234@abc.com
      And all mail has arrived
      Then the mailbox at the provider holds <messages> messages
      And nothing is lost

      Examples:
        | does    | messages |
        | ignores | 1        |
        | marks   | 1        |
        | refuses | 0        |

    @R5.5 @R3.8
    Scenario: Nobody gets reports on what others sent in their name
      Given the provider refuses mail that no mailbox takes
      And the DNS records:
        | victim.example | TXT | v=spf1 -all |
      When ann@victim.example writes to a1234@abc.com
      And all mail has arrived
      Then nobody is told that a1234@abc.com was not reached

    @R5.5
    Scenario: Replies go where the MX record says, even if the provider was changed since
      Given the DNS records:
        | abc.com | MX | 10 mx.old.example |
      And jane@client.example answers every message
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then the mailbox at the provider is empty
      And nothing is lost

    @R5.5 @R3.8
    Scenario Outline: Where DNS fails, mail waits; where it says no, mail comes back
      Given the DNS records:
        | client.example | FAULT | <fault> |
      When action 1234 writes to jane@client.example
      And all mail has arrived
      Then a1234@abc.com is told that jane@client.example was not reached
      And mail for jane@client.example was put off <times> times
      And nothing is lost

      Examples:
        | fault    | times |
        | servfail | 9     |
        | nxdomain | 0     |
