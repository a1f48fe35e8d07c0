using System.Text;
using CsCheck;
using KmsOperator.Importing.Terraform;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Terraform;

public sealed class TerraformStateTests
{
    private const string Arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-0000-0000-0000-000000000000";

    private static StateText Everything => new StateText()
        .Add("aws_kms_key.plain", $"{{'arn':'{Arn}','description':'plain','customer_master_key_spec':'RSA_2048','key_usage':'SIGN_VERIFY','is_enabled':false,'multi_region':false,'policy':'{{}}','tags':{{}},'tags_all':{{'a':'b'}},'deletion_window_in_days':7}}")
        .Add("module.kms[\"x.y\"].aws_kms_key.this[0]", $"{{'arn':'{Arn.Replace("1111-", "2222-")}','enable_key_rotation':true,'rotation_period_in_days':180,'multi_region':true,'policy':'{{}}'}}")
        .Add("module.kms[\"x.y\"].aws_kms_alias.this[\"orders\"]", $"{{'name':'alias/orders','arn':'arn:aws:kms:us-east-1:123456789012:alias/orders','target_key_id':'x','target_key_arn':'{Arn.Replace("1111-", "2222-")}'}}")
        .Add("aws_kms_replica_key.r", $"{{'arn':'{Arn.Replace("1111-", "2222-").Replace("us-east-1", "eu-west-1")}','primary_key_arn':'{Arn.Replace("1111-", "2222-")}','enabled':true,'policy':'{{}}','key_spec':'SYMMETRIC_DEFAULT'}}")
        .Add("aws_kms_key_policy.plain", "{'key_id':'11111111-0000-0000-0000-000000000000','policy':'{\\'Version\\':\\'2012-10-17\\'}'}")
        .Add("aws_kms_grant.g", "{'key_id':'11111111-0000-0000-0000-000000000000','grant_id':'g1','name':'reader','grantee_principal':'arn:aws:iam::123456789012:role/r','retiring_principal':'','operations':['Verify','Sign'],'constraints':[{'encryption_context_equals':{},'encryption_context_subset':{'a':'b'}}]}")
        .Add("aws_kms_external_key.e", $"{{'arn':'{Arn.Replace("1111-", "3333-")}'}}");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_state_file_and_what_terraform_shows_hold_the_same_keys(bool shown)
    {
        var read = TerraformKeys.Read("state", shown ? Everything.ToShown() : Everything.ToState());

        Assert.Empty(read.Errors);
        Assert.Equal(3, read.Keys.Count);
        var plain = read.Keys.Single(key => key.Arn == Arn);
        Assert.Equal(["aws_kms_key.plain", "aws_kms_key_policy.plain", "aws_kms_grant.g"], plain.Sources.Select(source => source.Label));
        Assert.Equal(("plain", "RSA_2048", "SIGN_VERIFY", false, 7), (plain.Description, plain.KeySpec, plain.KeyUsage, plain.Enabled, plain.DeletionWindowDays));
        Assert.Equal("""{"Version":"2012-10-17"}""", plain.Policy);
        Assert.Equal("b", plain.Tags["a"]);
        var grant = Assert.Single(plain.Grants);
        Assert.Equal(("g1", "reader", "arn:aws:iam::123456789012:role/r", null, null), (grant.Id, grant.Name, grant.GranteePrincipal, grant.RetiringPrincipal, grant.Obstacle));
        Assert.Equal(["Verify", "Sign"], grant.Operations);
        Assert.Equal("b", grant.EncryptionContextSubset!["a"]);
        Assert.Null(grant.EncryptionContextEquals);
        var inModule = read.Keys.Single(key => key.KeyId.StartsWith("11112222", StringComparison.Ordinal) && key.PrimaryArn is null);
        Assert.Equal(["module.kms[\"x.y\"].aws_kms_key.this[0]", "module.kms[\"x.y\"].aws_kms_alias.this[\"orders\"]"], inModule.Sources.Select(source => source.Label));
        Assert.Equal(["module.kms.aws_kms_key.this", "module.kms.aws_kms_alias.this"], inModule.Sources.Select(source => source.LetGo));
        Assert.Equal(["alias/orders"], inModule.Aliases);
        Assert.Equal((true, 180), (inModule.Rotation!.Enabled, inModule.Rotation.PeriodDays));
        Assert.Equal(inModule.Arn, read.Keys.Single(key => key.PrimaryArn is not null).PrimaryArn);
        Assert.Contains("imported material", Assert.Single(read.Left).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Secrets_are_neither_kept_nor_left_in_memory(bool shown)
    {
        var content = shown ? Everything.ToShown() : Everything.ToState();
        Assert.Contains(StateText.Secret, Encoding.UTF8.GetString(content), StringComparison.Ordinal);

        var resources = TerraformState.Read("state", content);

        Assert.All(content, one => Assert.Equal(0, one));
        Assert.DoesNotContain(StateText.Secret, string.Join('\n', resources.Select(one => one + string.Join(' ', one.Attributes.Values.Select(value => value.GetRawText())))), StringComparison.Ordinal);
    }

    // content, line, what is said, why
    public static TheoryData<string, int, string, string> Bad => new()
    {
        { "", 0, "is empty", "an empty file" },
        { "{\n  \"version\": 4,\n  \"resources\": [\n", 4, "is not JSON", "a file that was cut off" },
        { "{\n  \"version\": 4,\n  \"outputs\": hunter2\n}", 3, "is not JSON", "broken JSON, whose text must not be quoted" },
        { "{\"version\": 4, \"resources\": []}\n{\"version\": 4}", 2, "is not JSON", "two documents" },
        { "[]", 1, "is not a Terraform state", "another JSON file" },
        { "{\n  \"version\": 3,\n  \"modules\": []\n}", 2, "version: is 3", "a state of Terraform 0.11" },
        { "{\"resources\": [],\n  \"version\": 5}", 2, "version: is 5", "a state of the future" },
        { "{\"name\": \"x\"}", 1, "is not a Terraform state", "some JSON object" },
        { "{\"version\": 4}", 1, "has no resources", "some JSON object with a version" },
        { "{\"format_version\": \"1.2\",\n \"planned_values\": {}}", 2, "is a plan", "a plan" },
        { "{\n\"format_version\": \"2.0\", \"values\": {}}", 2, "format_version: is not 0.x or 1.x", "a state of the future, shown" },
        { "{\"encrypted_data\": \"x\"}", 1, "OpenTofu has encrypted", "an encrypted state" },
        { "PK\u0003\u0004", 0, "zip archive", "a plan file" },
        { "a\0b", 0, "binary", "a binary file" },
        { "{\"version\": 4, \"resources\": []}", 0, "holds no KMS keys", "the state of another workspace" },
        { "{\"format_version\": \"1.0\"}", 0, "holds no KMS keys", "an empty state, shown" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void What_is_no_state_is_refused_with_its_line_and_what_to_do(string content, int line, string message, string why)
    {
        var error = Assert.Single(TerraformKeys.Read("x.tfstate", Encoding.UTF8.GetBytes(content)).Errors);

        Assert.True(error.Message.Contains(message, StringComparison.Ordinal) && error.Line == line && error.File == "x.tfstate", $"{why}: {error}");
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_state_is_refused_or_read_and_never_breaks_the_import()
    {
        var whole = Everything.ToState();
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length]).Sample((at, value, length) =>
        {
            byte[] damaged = [.. whole.Take(Math.Max(length, at + 1))];
            damaged[at] = value;
            var read = TerraformKeys.Read("x", damaged);
            Assert.True(read.Errors.Count > 0 != read.Keys.Count + read.Left.Count > 0);
            Assert.DoesNotContain(StateText.Secret, string.Join(' ', read.Errors), StringComparison.Ordinal);
        }, iter: 2000);
    }

    [Fact]
    public void Half_a_character_is_refused() => Assert.Contains(
        "stands for no character",
        Assert.Single(TerraformKeys.Read("x", Encoding.UTF8.GetBytes($$$"""{"version":4,"resources":[{"mode":"managed","type":"aws_kms_key","name":"k","instances":[{"attributes":{"arn":"{{{Arn}}}","description":"\ud800"}}]}]}""")).Errors).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_state_in_UTF_16_says_how_to_write_it()
    {
        var error = Assert.Single(TerraformKeys.Read("x", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("{}")]).Errors);
        Assert.Contains("UTF-16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_and_objects_in_another_order_are_read()
    {
        var text = $$"""{"resources":[{"instances":[{"attributes":{"arn":"{{Arn}}"},"index_key":"s3"}],"name":"k","type":"aws_kms_key","mode":"managed"}],"version":4}""";

        var read = TerraformKeys.Read("x", [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)]);

        Assert.Equal("aws_kms_key.k[\"s3\"]", Assert.Single(read.Keys).Label);
    }

    [Fact]
    public void Removed_blocks_name_configuration_addresses_once_and_tell_what_else_they_cover()
    {
        var read = TerraformKeys.Of(TerraformState.Read("x", new StateText()
            .Add("module.kms.aws_kms_key.k[\"a\"]", $"{{'arn':'{Arn}'}}")
            .Add("module.kms.aws_kms_key.k[\"b\"]", $"{{'arn':'{Arn.Replace("1111-", "2222-")}'}}")
            .Add("module.kms.aws_kms_key.k[\"c\\n} evil\"]", $"{{'arn':'{Arn.Replace("1111-", "3333-")}','custom_key_store_id':'cks-1'}}")
            .ToState()));

        var text = RemovedBlocks.Write(read.Keys.SelectMany(key => key.Sources), read.Kept);

        Assert.Equal(1, text.Split("from = module.kms.aws_kms_key.k\n").Length - 1);
        Assert.Contains("destroy = false", text, StringComparison.Ordinal);
        Assert.Contains("# This covers module.kms.aws_kms_key.k[\"c\\n} evil\"] as well", text, StringComparison.Ordinal);
    }
}
