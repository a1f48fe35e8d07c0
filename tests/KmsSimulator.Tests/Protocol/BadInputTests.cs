using System.Text;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Protocol;

/// <summary>Input that is no JSON, no Unicode, too long or of the wrong type: an error of KMS each time, and a record.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("CreateKey", """{"Description":"\ud800"}""", "SerializationException", "a lone surrogate")]
    [InlineData("CreateKey", """{"\ud800":"x"}""", "SerializationException", "one in a member's name")]
    [InlineData("CreateKey", """{"Policy":"{\"Version\":\"2012-10-17\",\"Id\":\"\\ud800\",\"Statement\":[]}"}""", "MalformedPolicyDocumentException", "one in the policy's text")]
    [InlineData("CreateKey", """{"Policy":"{\"\\ud800\":1}"}""", "MalformedPolicyDocumentException", "one in the name of an element of a policy")]
    [InlineData("CreateKey", """{"Description":"a","Description":"b"}""", "SerializationException", "a member that comes twice")]
    [InlineData("CreateKey", """{"Tags":[{"TagKey":1,"TagValue":""}]}""", "SerializationException", "a number for a string, in a structure")]
    [InlineData("CreateKey", """{"Tags":["x"]}""", "SerializationException", "a string for a structure")]
    [InlineData("RevokeGrant", """{"KeyId":"x","GrantId":"y","DryRun":"z"}""", "SerializationException", "a wrong type comes before a missing key")]
    [InlineData("Encrypt", """{"KeyId":"x","Plaintext":"YQ==","EncryptionContext":{"a":1}}""", "SerializationException", "a number in a map")]
    [InlineData("CreateKey", """{"MultiRegion":true,"Origin":"AWS_CLOUDHSM","CustomKeyStoreId":"cks-1"}""", "UnsupportedOperationException", "no multi-Region key in a key store")]
    public async Task It_is_refused_with_an_error_of_KMS(string operation, string body, string code, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (status, answer) = await RawHttp.KmsAsync(simulator, operation, body);
        Assert.True(status == 400 && (string)JsonNode.Parse(answer)!["__type"]! == code, $"{reason}: {status} {answer}");
        Assert.Equal([$"{operation} {code}"], await RawHttp.RecordedAsync(simulator));
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF_8_are_refused()
    {
        await using var simulator = await TestSimulator.StartAsync();
        foreach (var body in new byte[][] { [0xFF, 0xFE], [.. "{\"Description\":\""u8, 0xFF, .. "\"}"u8] })
        {
            var (status, answer) = await RawHttp.KmsAsync(simulator, "TrentService.CreateKey", body);
            Assert.Equal((400, "SerializationException"), (status, (string)JsonNode.Parse(answer)!["__type"]!));
            (status, answer) = await RawHttp.SendAsync(simulator, HttpMethod.Post, "/_sim/clock", body);
            Assert.Equal(400, status);
            Assert.Contains("not JSON", (string)JsonNode.Parse(answer)!["error"]!, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"arn": "\ud800"}""")]
    [InlineData("""{"\ud800": 1}""")]
    [InlineData("""{"arn": "a", "arn": "b"}""")]
    public async Task The_admin_interface_refuses_it_too(string body)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (status, answer) = await simulator.PostAsync("/_sim/roles", body);
        Assert.Equal(400, status);
        Assert.Contains("not JSON", (string)answer["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_that_are_too_long_are_refused_and_recorded()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var body = new byte[31_000_000];
        Array.Fill(body, (byte)' ');
        var (status, answer) = await RawHttp.KmsAsync(simulator, "TrentService.CreateKey", body);
        Assert.Equal((413, "RequestEntityTooLargeException"), (status, (string)JsonNode.Parse(answer)!["__type"]!));
        (status, answer) = await RawHttp.SendAsync(simulator, HttpMethod.Post, "/", body, "application/x-www-form-urlencoded");
        Assert.Equal(413, status);
        Assert.Contains("<Code>RequestEntityTooLargeException</Code>", answer, StringComparison.Ordinal);
        Assert.Equal(["CreateKey RequestEntityTooLargeException", "Unknown RequestEntityTooLargeException"], await RawHttp.RecordedAsync(simulator));
        (status, _) = await RawHttp.SendAsync(simulator, HttpMethod.Post, "/_sim/clock", body);
        Assert.Equal(413, status);
    }

    [Fact]
    public async Task Calls_whose_callers_gave_up_are_recorded()
    {
        await using var simulator = await TestSimulator.StartAsync();
        using (var connection = new System.Net.Sockets.TcpClient())
        {
            await connection.ConnectAsync("127.0.0.1", new Uri(simulator.Url).Port, TestSimulator.Token);
            await connection.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes(
                    "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: TrentService.ListKeys\r\nContent-Length: 10\r\n"
                    + "Authorization: AWS4-HMAC-SHA256 Credential=A/20260301/us-east-1/kms/aws4_request\r\n\r\n{"),
                TestSimulator.Token);
        }

        string[] recorded;
        do
            recorded = await RawHttp.RecordedAsync(simulator);
        while (recorded.Length == 0);
        Assert.Equal(["ListKeys cancelled"], recorded);
    }

    [Fact]
    public async Task Errors_repeat_only_the_beginning_of_a_long_value()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var error = await KmsAssert.FailsAsync("ValidationException", "'description'", () =>
            simulator.CreateKeyAsync(new CreateKeyRequest { Description = new string('x', 100_000) }));
        Assert.True(error.Message.Length < 1000, error.Message);
    }

    [Fact]
    public async Task Unknown_operations_are_counted_under_one_name()
    {
        await using var simulator = await TestSimulator.StartAsync();
        foreach (var target in new[] { "TrentService.Nonsense", "TrentService.Other", "DynamoDB_20120810.ListTables" })
        {
            var (status, answer) = await RawHttp.KmsAsync(simulator, target, "{}"u8.ToArray());
            Assert.Equal((400, "UnknownOperationException"), (status, (string)JsonNode.Parse(answer)!["__type"]!));
        }

        await RawHttp.StsAsync(simulator, "Action=Nonsense");
        Assert.Equal("""{"Unknown":4}""", (await simulator.GetAsync("/_sim/calls")).ToJsonString());
    }

    [Fact]
    public async Task Requests_that_are_no_JSON_meet_quotas_and_faults_as_others_do()
    {
        await using var simulator = await TestSimulator.StartAsync(new SimulatorOptions { Seed = 1 });
        await simulator.SetAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "accessDenied"}""");
        await RawHttp.KmsAsync(simulator, "CreateKey", "{");
        for (var i = 0; i < 6; i++)
            await RawHttp.KmsAsync(simulator, "CreateKey", "{");
        var recorded = await RawHttp.RecordedAsync(simulator);
        Assert.Equal(
            ["CreateKey AccessDeniedException", .. Enumerable.Repeat("CreateKey SerializationException", 5), "CreateKey ThrottlingException"], recorded);
    }

    [Theory]
    [InlineData("DescribeKey")]
    [InlineData("CreateGrant")]
    [InlineData("Decrypt")]
    public async Task No_more_than_ten_grant_tokens_are_taken(string operation)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var tokens = string.Join(',', Enumerable.Repeat("\"t\"", 11));
        var (_, answer) = await RawHttp.KmsAsync(
            simulator, operation, $$"""{"KeyId":"x","CiphertextBlob":"YQ==","GranteePrincipal":"x","Operations":["Encrypt"],"GrantTokens":[{{tokens}}]}""");
        Assert.Contains("grantTokens", answer, StringComparison.Ordinal);
    }
}
