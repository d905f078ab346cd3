#!/bin/sh
# Makes the two users of Shirube in Weaviate: one reads, one writes. Their keys are put into a
# folder of secret files, which SHIRUBE_SECRETS names; nothing is printed.
#
#   WEAVIATE_ROOT_KEY=… ./weaviate-keys.sh http://127.0.0.1:8080 /etc/shirube/secrets [Kb]
#
# A host that only answers gets shirube_index__reader_key alone.
set -eu

url=$1 folder=$2 on="${3:-Kb}_*"
: "${WEAVIATE_ROOT_KEY:?is the key of the administrator}"
umask 077
mkdir -p "$folder"

# The key goes through standard input, so that no list of processes shows it.
ask() {
    printf 'header = "Authorization: Bearer %s"\n' "$WEAVIATE_ROOT_KEY" |
        curl --config - --silent --show-error --fail-with-body \
            --header 'Content-Type: application/json' --data "$2" "$url/v1/$1"
}

user() {
    name=$1 file=$2
    shift 2
    permissions=
    for action; do
        kind=${action#*_}
        permissions="$permissions,{\"action\":\"$action\",\"$kind\":{\"collection\":\"$on\"}}"
    done
    ask authz/roles "{\"name\":\"$name\",\"permissions\":[${permissions#,}]}"
    key=$(ask "users/db/$name" '{}' | sed -n 's/.*"apikey":"\([^"]*\)".*/\1/p')
    printf %s "$key" > "$folder/$file"
    ask "authz/users/$name/assign" "{\"roles\":[\"$name\"]}"
}

user shirube-reader shirube_index__reader_key read_collections read_data
user shirube-writer shirube_index__api_key read_collections read_data \
    create_collections delete_collections create_data update_data delete_data
