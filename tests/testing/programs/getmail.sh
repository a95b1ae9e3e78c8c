#!/bin/sh
# getmail6 has its server in a file; GETMAIL names the program, MAILSIM_* the server.
set -eu
mkdir -p "$MAILSIM_FOLDER/Maildir/cur" "$MAILSIM_FOLDER/Maildir/new" "$MAILSIM_FOLDER/Maildir/tmp" "$MAILSIM_FOLDER/state"
user=""
if [ "$(id -u)" = 0 ]; then  # it refuses to deliver as root
    chown -R nobody "$MAILSIM_FOLDER"
    user="user = nobody"
fi
cat > "$MAILSIM_FOLDER/state/getmailrc" <<RC
[retriever]
type = SimplePOP3SSLRetriever
server = $MAILSIM_POP3_HOST
port = $MAILSIM_POP3_PORT
username = $MAILSIM_POP3_USERNAME
password = $MAILSIM_POP3_PASSWORD
ca_certs = $MAILSIM_CA
[destination]
type = Maildir
path = $MAILSIM_FOLDER/Maildir/
$user
[options]
delete = true
RC
exec "$GETMAIL" -q --getmaildir "$MAILSIM_FOLDER/state" --rcfile "$MAILSIM_FOLDER/state/getmailrc"
