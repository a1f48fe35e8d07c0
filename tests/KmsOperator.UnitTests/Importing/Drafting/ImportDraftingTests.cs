using CsCheck;
using KmsOperator.Api;
using KmsOperator.Importing;
using KmsOperator.Importing.Drafting;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Drafting;

public sealed class ImportDraftingTests
{
    private const string Account = "123456789012";
    private const string RootPolicy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"kms:*","Resource":"*"}]}""";

    private static readonly Gen<ForeignKey> AnyKey =
        from id in Gen.Int[0, 9999]
        from region in Gen.OneOf("eu-west-1", "us-east-1")
        from alias in Gen.OneOf("alias/a/b", "alias/a-b", "alias/A_B", "alias/acme/s3", "alias/UPPER/Case_1", $"alias/{new string('x', 200)}", "alias/-", "alias/9")
        from hasAlias in Gen.Bool
        from further in Gen.Int[0, 3]
        from hint in Gen.String[0, 80]
        from description in Gen.String[Gen.Char[' ', '~'], 0, 40]
        from tags in Gen.Dictionary(Gen.OneOf("Name", "App", "Team: x", "aws:cloudformation:stack-name", "e@mail"), Gen.OneOf("", "a b", "true", "007", "x=y/z"))[0, 4]
        from window in Gen.OneOf<int?>(null, 7, 30)
        from rotation in Gen.OneOf(new ForeignRotation(false, null), new ForeignRotation(true, null), new ForeignRotation(true, 90))
        from spec in Gen.OneOf(("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("RSA_2048", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC"))
        from enabled in Gen.Bool
        select Key(id, region) with
        {
            Aliases = hasAlias ? [alias, .. Enumerable.Range(0, further).Select(i => $"alias/more/{id}/{i}")] : [],
            NameHint = hint,
            Description = description,
            Tags = tags,
            DeletionWindowDays = window,
            Rotation = spec.Item1 == "SYMMETRIC_DEFAULT" ? rotation : null,
            KeySpec = spec.Item1,
            KeyUsage = spec.Item2,
            Enabled = enabled,
        };

    [Fact]
    public void Whatever_a_key_is_its_manifest_is_valid_adopts_it_and_changes_nothing_that_was_said() => AnyKey.Array[1, 8].Sample(keys =>
    {
        keys = [.. keys.DistinctBy(key => key.Arn).DistinctBy(key => key.Aliases.Count == 0 ? key.Arn : key.Region + key.Aliases[0])];

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = keys }, null);

        Assert.Empty(draft.Left);
        Assert.Equal(keys.Length, draft.Keys.Count);
        var read = ManifestLoader.Parse("all", string.Join("---\n", draft.Classes.Select(one => ResourceYaml.Write(one)).Concat(draft.Keys.Select(key => key.Draft.Yaml))));
        Assert.Empty(read.Errors);
        Assert.Equal(keys.Length, read.Resources.Select(one => one.Resource).OfType<ServiceKey>().Select(key => key.Metadata.Name).Distinct().Count());
        Assert.All(draft.Keys, one =>
        {
            var key = (ServiceKey)one.Draft.Resource;
            Assert.Matches("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", key.Metadata.Name);
            Assert.Equal((one.Foreign.Arn, "Observe"), (key.Spec.Adopt!.KeyId, key.Spec.ManagementPolicy));

            // Only a key without an alias gets one: every resource has an alias.
            Assert.All(one.Draft.Changes, step => Assert.True(step is CreateAliasStep && one.Foreign.Aliases.Count == 0, step.ToString()));
        });
    }, iter: 300);

    [Fact]
    public void Names_are_the_same_in_every_run_and_for_every_order() => AnyKey.Array[2, 6].Sample(keys =>
    {
        keys = [.. keys.DistinctBy(key => key.Arn)];
        static string Names(ForeignKey[] keys) => string.Join(' ', ResourceNaming.Of(keys.Select(key => (key, key.Aliases.Count > 0 ? key.Aliases[0] : null))).OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => one.Value));
        return Names(keys) == Names([.. keys.Reverse()]);
    }, iter: 300);

    // alias or hint, alias?, name, why
    public static TheoryData<string, bool, string, string> Names => new()
    {
        { "alias/acme/s3", true, "acme-s3", "slashes become hyphens" },
        { "alias/Acme_Orders", true, "acme-orders", "lower case, no underscore" },
        { "kms.kms_key[\"s3\"]", false, "kms-kms-key-s3", "a Terraform address" },
        { "--x--", false, "x", "no hyphen at an end" },
        { "", false, "key-20ae4b9d", "nothing to go by" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Resources_are_named_from_alias_or_address(string from, bool isAlias, string name, string why)
    {
        var key = Key(1, "us-east-1") with { NameHint = isAlias ? "" : from };
        var actual = ResourceNaming.Of([(key, isAlias ? from : null)]).Single().Value;
        Assert.True(name.StartsWith("key-", StringComparison.Ordinal) ? actual.StartsWith("key-", StringComparison.Ordinal) && actual.Length == 12 : actual == name, $"{why}: {actual}");
    }

    [Fact]
    public void The_class_says_what_the_keys_have_in_common_and_each_key_the_rest()
    {
        ForeignKey[] keys =
        [
            Key(1, "us-east-1") with { Aliases = ["alias/acme/one"], Tags = Tags("Team=pay", "App=a"), Rotation = new(true, 180), DeletionWindowDays = 10 },
            Key(2, "us-east-1") with { Aliases = ["alias/acme/two"], Tags = Tags("Team=pay", "App=b"), Rotation = new(true, 180), DeletionWindowDays = 10 },
            Key(3, "us-east-1") with { Aliases = ["alias/other/three"], Tags = Tags("Team=pay"), Rotation = new(false, null), DeletionWindowDays = 30 },
        ];

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = keys }, "team");

        var spec = Assert.Single(draft.Classes).Spec;
        Assert.Equal(("us-east-1", Account, "acme", 10, "Retain"), (spec.Region, spec.Account!.Id, spec.AliasPrefix, spec.PendingDeletionWindowDays, spec.DeletionPolicy));
        Assert.Equal((true, 180), (spec.Rotation!.Enabled, spec.Rotation.PeriodDays));
        Assert.Equal(Tags("Team=pay"), spec.Tags);
        var third = (ServiceKey)draft.Keys[2].Draft.Resource;
        Assert.Equal((false, 30, "team"), (third.Spec.Rotation!.Enabled, third.Spec.PendingDeletionWindowDays, third.Metadata.Namespace));
        Assert.Null(third.Spec.Tags);
        Assert.Equal(Tags("App=a"), ((ServiceKey)draft.Keys[0].Draft.Resource).Spec.Tags);
        Assert.True(draft.IsComplete);
    }

    [Fact]
    public void Accounts_and_Regions_get_a_class_each()
    {
        ForeignKey[] keys = [Key(1, "us-east-1") with { Aliases = ["alias/a"] }, Key(2, "eu-west-1") with { Aliases = ["alias/a"] }, Key(3, "us-east-1", "999999999999") with { Aliases = ["alias/a"], Policy = RootPolicy.Replace(Account, "999999999999", StringComparison.Ordinal) }];

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = keys }, null);

        Assert.Equal(["imported-123456789012-eu-west-1", "imported-123456789012-us-east-1", "imported-999999999999-us-east-1"], draft.Classes.Select(one => one.Metadata.Name));
        Assert.Equal(3, draft.Keys.Select(key => key.Draft.Resource.Metadata.Name).Distinct().Count());
    }

    // key, what is told, why
    public static TheoryData<string, string, string> LeftOut => new()
    {
        { "owned", "belongs to ServiceKey/a/b of cluster other", "a resource of an operator has it" },
        { "broken policy", "is not JSON", "nothing can be said of the policy" },
        { "locked out", "no statement lets a principal of account", "the operator would refuse the policy" },
        { "action", "\"s3:Get*\" is not an action of KMS", "the operator would refuse the policy" },
        { "strange replica", "is no key of its account", "a primary of another account" },
    };

    [Theory]
    [MemberData(nameof(LeftOut))]
    public void What_cannot_be_said_is_told_and_left_out(string what, string message, string why)
    {
        var key = what switch
        {
            "owned" => Key(1, "us-east-1") with { Tags = new Dictionary<string, string> { [TagNames.Owner] = "ServiceKey/a/b", [TagNames.Cluster] = "other" } },
            "broken policy" => Key(1, "us-east-1") with { Policy = "{" },
            "locked out" => Key(1, "us-east-1") with { Policy = RootPolicy.Replace(Account, "999999999999", StringComparison.Ordinal) },
            "action" => Key(1, "us-east-1") with { Policy = RootPolicy.Replace("kms:*", "s3:Get*", StringComparison.Ordinal) },
            _ => Key(1, "us-east-1") with { PrimaryArn = Key(1, "eu-west-1", "999999999999").Arn, MultiRegion = true },
        };

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = [key with { Sources = [new ForeignSource("mine", "mine")] }] }, null);

        Assert.Empty(draft.Keys);
        Assert.Empty(draft.Classes);
        Assert.True(Assert.Single(draft.Left).Message.Contains(message, StringComparison.Ordinal), $"{why}: {draft.Left[0]}");
        Assert.Equal("mine", Assert.Single(draft.Kept).Label);
    }

    [Fact]
    public void Aliases_beyond_the_limit_deleted_principals_and_full_tag_lists_are_left_to_a_person()
    {
        var key = Key(1, "us-east-1") with
        {
            Aliases = ["alias/z", .. Enumerable.Range(10, 21).Select(i => $"alias/a{i}")],
            Policy = RootPolicy.Replace("\"123456789012\"", "[\"123456789012\",\"AROAABCDEFGHIJKLMNOPQ\"]", StringComparison.Ordinal),
            Tags = Enumerable.Range(0, 48).ToDictionary(i => $"t{i}", _ => "v"),
        };

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = [key] }, null);

        var left = draft.Keys.Single().Left;
        Assert.Contains(left, one => one.Contains("alias/z stays in KMS", StringComparison.Ordinal));
        Assert.Contains(left, one => one.Contains("AROAABCDEFGHIJKLMNOPQ", StringComparison.Ordinal));
        Assert.Contains(left, one => one.Contains("48 tags", StringComparison.Ordinal));
        Assert.False(draft.IsComplete);
    }

    [Fact]
    public void A_replica_whose_primary_is_elsewhere_brings_its_own_policy_and_names_the_class()
    {
        var replica = Key(1, "eu-west-1") with { PrimaryArn = Key(1, "us-east-1").Arn, MultiRegion = true, Aliases = ["alias/acme/s3"], Tags = Tags("Name=x") };

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = [replica] }, null);

        var spec = ((KeyReplica)draft.Keys.Single().Draft.Resource).Spec;
        Assert.Equal((replica.PrimaryArn, "imported-123456789012-us-east-1", "alias/acme/s3"), (spec.PrimaryKeyArn, spec.ClassName, spec.Alias));
        Assert.NotNull(spec.Policy!.Override);
        Assert.True(draft.IsComplete, string.Join(' ', draft.Keys[0].Draft.Changes));
    }

    [Fact]
    public void Tags_that_a_replica_has_not_are_no_part_of_the_primary_s_manifest()
    {
        var primary = Key(1, "us-east-1") with { MultiRegion = true, Aliases = ["alias/acme/a"], Tags = Tags("Name=n", "Only=primary", "Both=1") };
        var replica = Key(1, "eu-west-1") with { PrimaryArn = primary.Arn, MultiRegion = true, Aliases = ["alias/acme/a"], Tags = Tags("Name=r", "Both=2") };

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = [primary, replica] }, null);

        Assert.Equal(Tags("Name=n", "Both=1"), ((ServiceKey)draft.Keys[0].Draft.Resource).Spec.Tags);
        Assert.Equal(Tags("Name=r", "Both=2"), ((KeyReplica)draft.Keys[1].Draft.Resource).Spec.Tags);
        Assert.Contains(draft.Keys[0].Notes, note => note.Contains("Only", StringComparison.Ordinal));
        Assert.True(draft.IsComplete);
    }

    private static ForeignKey Key(int id, string region, string account = Account) => new()
    {
        Arn = $"arn:aws:kms:{region}:{account}:key/00000000-0000-0000-0000-{id:000000000000}",
        Policy = RootPolicy,
        Rotation = new ForeignRotation(false, null),
    };

    private static Dictionary<string, string> Tags(params string[] tags) => tags.ToDictionary(tag => tag.Split('=')[0], tag => tag.Split('=')[1]);
}
