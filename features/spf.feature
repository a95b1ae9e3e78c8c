Feature: SPF says who may send as a domain, and what the domain should publish

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
