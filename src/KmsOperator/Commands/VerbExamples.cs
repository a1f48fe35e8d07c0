namespace KmsOperator.Commands;

/// <summary>What people type, shown by <c>--help</c>.</summary>
internal static class VerbExamples
{
    private static readonly Dictionary<string, (string Purpose, string Arguments)[]> OfVerbs = new(StringComparer.Ordinal)
    {
        ["run"] =
        [
            ("in a pod, with its service account and web identity", "run --cluster-id production"),
            ("at a desk, beside no other operator", "run --leader-elect=false --log-format text"),
        ],
        ["render"] =
        [
            ("the keys and policies of a folder, as JSON", "render -f manifests/"),
            ("as YAML, where the class names no account", "render -f key.yaml -f class.yaml --account 111122223333 -o yaml"),
        ],
        ["orphans"] = [("keys of this cluster that no resource has", "orphans"), ("the same for a program", "orphans --cluster-id production -o json")],
        ["explain"] =
        [
            ("may this role decrypt?", "explain -f manifests/ --principal arn:aws:iam::111122223333:role/App --action kms:Decrypt"),
            ("and through S3, from another account?", "explain -f manifests/ --principal arn:aws:iam::444455556666:role/App --action kms:Decrypt --via-service s3"),
            ("by a policy that is in force", "explain --key arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --principal App --action kms:Decrypt"),
        ],
        ["who-can"] = [("everybody who may decrypt", "who-can kms:Decrypt -f manifests/"), ("who may delete the keys, as JSON", "who-can kms:ScheduleKeyDeletion -f manifests/ -o json")],
        ["lint"] =
        [
            ("what is wrong with manifests, and with the policies that they come to", "lint -f manifests/"),
            ("as annotations of a pull request on GitHub", "lint -f manifests/ --format github"),
            ("for code scanning", "lint -f manifests/ --format sarif > lint.sarif"),
            ("of what another program writes", "lint -f - < manifests.yaml"),
        ],
        ["plan"] =
        [
            ("what would change in AWS, with the cluster of the kubeconfig", "plan -f keys/"),
            ("from a pipe", "plan -f - < manifests.yaml"),
            ("without a cluster", "plan -f keys/ --offline"),
            ("as a comment for a pull request", "plan -f keys/ -o markdown"),
            ("before an upgrade: every resource of the cluster, as this version would treat it", "plan --upgrade-from 1.4.0"),
        ],
        ["report"] = [("a page to print or send", "report -o html > keys.html"), ("of manifests, as a table", "report -f keys/ -o csv")],
        ["import"] =
        [
            ("manifests for the keys of a Terraform state", "import --tfstate terraform.tfstate --output-dir keys/"),
            ("for ACK's or Crossplane's objects", "import -f objects.yaml --output-dir keys/"),
            ("for keys that nobody declared", "import --from-aws --region eu-west-1 --alias-prefix acme/"),
        ],
        ["tree"] = [("all classes with their keys, replicas and aliases", "tree"), ("one key of a namespace", "tree -n team orders")],
        ["status"] = [("what the cluster says of all keys", "status"), ("of one", "status -n team orders")],
        ["rotate"] = [("rotate a key's material now", "rotate -n team orders")],
        ["reconcile"] = [("compare a key with AWS now", "reconcile -n team orders")],
        ["suspend"] = [("leave a key alone for a while", "suspend -n team orders")],
        ["resume"] = [("and go on", "resume -n team orders")],
        ["completion"] = [("for this shell", "completion bash > ~/.local/share/bash-completion/completions/kms-operator"), ("for zsh", "completion zsh > ~/.zfunc/_kms-operator")],
    };

    /// <summary>The examples of a verb, without the program's name; none for what is not a verb.</summary>
    public static IReadOnlyList<(string Purpose, string Arguments)> Of(string verb) => OfVerbs.GetValueOrDefault(verb, []);
}
