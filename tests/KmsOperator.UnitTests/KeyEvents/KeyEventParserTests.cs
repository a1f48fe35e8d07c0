using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsCheck;
using KmsOperator.KeyEvents;
using KmsOperator.Planning;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.KeyEvents;

public sealed class KeyEventParserTests
{
    private const string KeyArn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    private const string KeyId = "1234abcd-12ab-34cd-56ef-1234567890ab";
    private const string Valid = $$"""
        {
          "version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.kms", "account": "111122223333",
          "time": "2026-03-01T12:00:01Z", "region": "eu-west-1", "resources": [],
          "detail": {
            "eventVersion": "1.11", "eventID": "e-1", "eventTime": "2026-03-01T12:00:00Z", "eventSource": "kms.amazonaws.com", "eventName": "ScheduleKeyDeletion",
            "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "readOnly": false,
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/Alice", "accountId": "111122223333"},
            "requestParameters": {"keyId": "{{KeyId}}", "pendingWindowInDays": 7},
            "responseElements": {"keyId": "{{KeyArn}}", "keyState": "PendingDeletion"},
            "resources": [{"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": "{{KeyArn}}"}]
          }
        }
        """;

    private static readonly KmsName Key = new(new KeyLocation("111122223333", "eu-west-1"), KeyId);

    [Fact]
    public void A_call_says_what_was_done_when_by_whom_and_to_which_key()
    {
        var (call, _) = KeyEventParser.Parse(Valid);

        Assert.NotNull(call);
        Assert.Equal(("e-1", "ScheduleKeyDeletion", "arn:aws:iam::111122223333:user/Alice"), (call.Id, call.Operation, call.CallerArn));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero), call.Time);
        Assert.Equal([Key], call.Names);
    }

    public static TheoryData<string, string, string, string> Names => new()
    {
        { "{\"keyId\": \"" + KeyId + "\"}", "null", "111122223333/eu-west-1/" + KeyId, "an id, in the account and Region of the call" },
        { "{\"keyId\": \"arn:aws:kms:us-east-1:444455556666:key/mrk-1\"}", "null", "444455556666/us-east-1/mrk-1", "the ARN of a key elsewhere" },
        { "null", "[{\"ARN\": \"" + KeyArn + "\"}]", "111122223333/eu-west-1/" + KeyId, "AWS's own events have no parameters" },
        { "{\"aliasName\": \"alias/a\"}", "[{\"ARN\": \"arn:aws:kms:eu-west-1:111122223333:alias/a\"}, {\"ARN\": \"" + KeyArn + "\"}]", "111122223333/eu-west-1/alias/a 111122223333/eu-west-1/" + KeyId, "DeleteAlias: the alias and its key" },
        { "{\"aliasName\": \"alias/a\", \"targetKeyId\": \"" + KeyId + "\"}", "[]", "111122223333/eu-west-1/" + KeyId + " 111122223333/eu-west-1/alias/a", "UpdateAlias: the alias and its new key" },
        { "{}", "[null, {}, {\"ARN\": \"arn:aws:s3:::bucket\"}, {\"ARN\": \"arn:\"}]", "", "nothing that is KMS's" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_call_names_keys_and_aliases(string parameters, string resources, string expected, string why)
    {
        var message = JsonNode.Parse(Valid)!;
        message["detail"]!["requestParameters"] = JsonNode.Parse(parameters);
        message["detail"]!["resources"] = JsonNode.Parse(resources);

        var (call, _) = KeyEventParser.Parse(message.ToJsonString());

        Assert.True(expected == string.Join(' ', call!.Names.Select(name => $"{name.Location.AccountId}/{name.Location.Region}/{name.Name}")), why);
    }

    public static TheoryData<string, string?, string, string> Ignored => new()
    {
        { "source", "\"aws.s3\"", "NotAnEvent", "another service's" },
        { "detail-type", "\"Scheduled Event\"", "NotAnEvent", "no call at all" },
        { "detail", "null", "NotAnEvent", "nothing in it" },
        { "detail", "[1]", "NotAnEvent", "another shape" },
        { "detail.eventSource", "\"s3.amazonaws.com\"", "NotAnEvent", "a call of another service" },
        { "detail.eventID", null, "NotAnEvent", "no id" },
        { "detail.eventTime", "\"yesterday\"", "NotAnEvent", "no time" },
        { "detail.eventName", "17", "NotAnEvent", "no text" },
        { "detail.eventName", "\"Decrypt\"", "OtherOperation", "changes nothing" },
        { "detail.eventName", "\"CreateKey\"", "OtherOperation", "a key that nobody has yet" },
        { "detail.eventName", "\"RotateKey\"", "OtherOperation", "AWS's own rotation, which is as described" },
        { "detail.errorCode", "\"AccessDenied\"", "FailedCall", "was refused" },
    };

    [Theory]
    [MemberData(nameof(Ignored))]
    public void What_changes_no_key_is_ignored(string path, string? value, string outcome, string why)
    {
        var message = JsonNode.Parse(Valid)!.AsObject();
        var parts = path.Split('.');
        (parts.Length == 1 ? message : message["detail"]!)[parts[^1]] = value is null ? null : JsonNode.Parse(value);

        var (call, ignored) = KeyEventParser.Parse(message.ToJsonString());

        Assert.True(call is null && ignored.ToString() == outcome, $"{why}: {ignored}");
    }

    [Theory]
    [InlineData("hcl")]
    [InlineData("yaml")]
    public void The_rules_of_the_documentation_send_what_the_operator_acts_on_but_for_the_grants_of_services(string language)
    {
        var rule = MarkdownPage.Of("docs/drift.md").Blocks.Single(block => block.Language == language).Text;

        var sent = KeyEventParser.Operations.Where(operation => Regex.IsMatch(rule, $@"\b{operation}\b"));

        Assert.Equal(KeyEventParser.Operations.Where(operation => operation is not ("CreateGrant" or "RetireGrant")).Order(StringComparer.Ordinal), sent.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Reading_does_not_fail_whatever_a_message_is()
    {
        Gen.String.Sample(text => KeyEventParser.Parse(text).Event is null);

        // A real event that something has cut, doubled or scribbled on.
        Gen.Select(Gen.Int[0, Valid.Length - 1], Gen.Int[0, 40], Gen.String[0, 5]).Sample((at, length, text) =>
        {
            var (call, ignored) = KeyEventParser.Parse(Valid.Remove(at, Math.Min(length, Valid.Length - at)).Insert(at, text));
            return call is { Names.Count: <= 8 } || Enum.IsDefined(ignored);
        });
    }
}
