Feature: A letter is safe, whatever its draft holds
  People paste into forms, and other people's mail brings identifiers and names. What would make a header line of its own
  becomes harmless or is refused, and the writer hears of it.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice has user john
    And the practice has user ann who writes as ann@abc.com

  @R3.1 @R3.9
  Scenario: All that a draft can hold, in its place
    When this draft becomes a letter:
      | from action | 1234                                           |
      | sender name | Smith & Partners                               |
      | to          | Jane Doe <jane@client.example>, peter@client.example |
      | cc          | Zoë <zoe@client.example>                       |
      | bcc         | boss@client.example                            |
      | subject     | Lease                                          |
      | text        | One.\nTwo.                                     |
      | in reply to | <q1@client.example>                            |
      | references  | <q0@client.example> <q1@client.example>        |
    Then the letter reads, but for its date:
      """
      From: Smith & Partners <a1234@abc.com>
      To: Jane Doe <jane@client.example>, peter@client.example
      Cc: =?utf-8?q?Zo=C3=AB?= <zoe@client.example>
      Subject: Lease
      Message-ID: <a1@abc.com>
      In-Reply-To: <q1@client.example>
      References: <q0@client.example> <q1@client.example>
      MIME-Version: 1.0
      Content-Type: text/plain; charset=us-ascii
      Content-Transfer-Encoding: 7bit

      One.
      Two.
      """
    And the practice is warned of nothing

  @R3.9
  Scenario: Blind copies alone name nobody
    When this draft becomes a letter:
      | bcc  | boss@client.example |
      | text | Hello               |
    Then the letter reads, but for its date:
      """
      From: matters@abc.com
      To: undisclosed-recipients:;
      Message-ID: <a1@abc.com>
      MIME-Version: 1.0
      Content-Type: text/plain; charset=us-ascii
      Content-Transfer-Encoding: 7bit

      Hello
      """

  @R3.9
  Scenario Outline: Control characters become spaces, and the writer is told
    When this draft becomes a letter:
      | to      | jane@client.example |
      | <field> | <value>             |
    Then the letter has <header> "<shown>"
    And the practice is warned of "control characters became spaces"
    And the letter has no X-Evil

    Examples:
      | field       | value                                    | header  | shown                                      |
      | subject     | Lease\nX-Evil: yes                       | Subject | Lease X-Evil: yes                         |
      | sender name | Jane\nX-Evil: yes                        | From    | \"Jane X-Evil: yes\" <matters@abc.com>      |
      | cc          | Doe\nX-Evil: yes <peter@client.example>  | Cc      | \"Doe X-Evil: yes\" <peter@client.example> |

  @R3.9
  Scenario Outline: An identifier from other people's mail stays only if it is one
    When this draft becomes a letter:
      | to          | jane@client.example |
      | in reply to | <answers>           |
      | references  | <references>        |
    Then the letter has no <absent>
    And the practice is warned of "<told>"

    Examples:
      | answers            | references         | absent      | told                                                       |
      | q1@client.example  | <q1@client.example> | In-Reply-To | In-Reply-To 'q1@client.example' is left out: it is no Message-ID |
      | <q1>\nX-Evil: yes  | <q1@client.example> | X-Evil      | is left out: it is no Message-ID                           |
      | <q1@client.example> | q0                 | References  | References 'q0' is left out: it is no Message-ID           |

  @R3.9
  Scenario: The good ones of several references stay
    When this draft becomes a letter:
      | to         | jane@client.example                      |
      | references | <q0@client.example> q1 <q2@client.example> |
    Then the letter has References "<q0@client.example> <q2@client.example>"
    And the letter has no In-Reply-To

  @R3.9 @R3.2
  Scenario Outline: What cannot be a letter is refused, with the reason
    When somebody tries to make a letter of this draft:
      | <field> | <value> |
      | <more>  | <also>  |
    Then the practice refuses to send it because "<words>"

    Examples:
      | field   | value                     | more | also                     | words                                                                        |
      | subject | Nobody gets this          | text | Hello                    | a message needs a recipient; give one in to, cc or bcc                       |
      | to      | jane\n@client.example     | text | Hello                    | cannot stand in a header; remove control characters, shorten it              |
      | to      | jane@client.example       | as   | me\n@abc.com             | cannot stand in a header; remove control characters, shorten it              |
      | to      | jane@client.example       | user | mary                     | 'mary' is no user; name one of john, ann                                     |

  @R3.2 @R3.3
  Scenario Outline: Who the sender is
    When this draft becomes a letter:
      | to          | jane@client.example |
      | user        | <user>              |
      | <more>      | <also>              |
      | automatic   | <automatic>         |
    Then the letter has From "<from>"

    Examples:
      | user | more        | also          | automatic | from            |
      | john | text        | Hello         | no        | matters@abc.com |
      | ann  | text        | Hello         | no        | ann@abc.com     |
      | ann  | as          | sales@abc.com | no        | sales@abc.com   |
      | ann  | as          | sales@abc.com | yes       | matters@abc.com |
      | ann  | from action | 1234          | no        | a1234@abc.com   |
      | john | from action | 1234          | yes       | matters@abc.com |

  @R3.9
  Scenario: A text that cannot be written plainly is encoded, and comes out the same
    When this draft becomes a letter:
      | to   | jane@client.example |
      | text | Grüße               |
      | html | <p>Gruß</p>         |
    Then the letter reads, but for its date:
      """
      From: matters@abc.com
      To: jane@client.example
      Message-ID: <a1@abc.com>
      MIME-Version: 1.0
      Content-Type: multipart/alternative; boundary="=_alternative.a1"

      --=_alternative.a1
      Content-Type: text/plain; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      Gr=C3=BC=C3=9Fe

      --=_alternative.a1
      Content-Type: text/html; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      <p>Gru=C3=9F</p>

      --=_alternative.a1--
      """
