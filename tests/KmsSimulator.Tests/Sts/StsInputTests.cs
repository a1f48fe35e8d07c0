namespace KmsSimulator.Tests.Sts;

/// <summary>Requests of STS that no SDK sends.</summary>
public sealed class StsInputTests
{
    private const string Role = "arn:aws:iam::222222222222:role/r";

    [Theory]
    [InlineData("Action=AssumeRole&RoleArn=%01&RoleSessionName=session", 400, "ValidationError", "AssumeRole ValidationException")]
    [InlineData($"Action=AssumeRole&RoleArn={Role}&RoleSessionName=%01x", 400, "ValidationError", "AssumeRole ValidationException")]
    [InlineData("Action=%01%00foo", 400, "InvalidAction", "Unknown InvalidAction")]
    [InlineData("Version=2011-06-15", 400, "MissingAction", "Unknown MissingAction")]
    [InlineData($"Action=AssumeRoleWithWebIdentity&RoleArn={Role}&RoleSessionName=session", 400, "ValidationError", "AssumeRoleWithWebIdentity ValidationException")]
    public async Task It_is_answered_and_recorded(string form, int status, string code, string recorded)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (answered, xml) = await RawHttp.StsAsync(simulator, form);
        Assert.Equal(status, answered);
        Assert.Equal(code, Code(xml));
        Assert.Equal([recorded], await RawHttp.RecordedAsync(simulator));
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"Action\"\r\n\r\nGetCallerIdentity\r\n--x--")]
    [InlineData("application/json", "{}")]
    [InlineData("application/x-www-form-urlencoded", null)]
    public async Task Only_forms_are_read_and_not_endless_ones(string contentType, string? body)
    {
        await using var simulator = await TestSimulator.StartAsync();
        body ??= string.Join('&', Enumerable.Range(0, 2000).Select(i => $"k{i}=v"));
        var (status, xml) = await RawHttp.StsAsync(simulator, body, contentType);
        Assert.Equal((400, "MalformedInput"), (status, Code(xml)));
        Assert.Equal(["Unknown MalformedInput"], await RawHttp.RecordedAsync(simulator));
    }

    [Fact]
    public async Task Queries_are_answered_as_forms_are()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (status, xml) = await RawHttp.SendAsync(simulator, HttpMethod.Get, "/?Action=GetCallerIdentity&Version=2011-06-15");
        Assert.Equal(200, status);
        Assert.Contains("<Account>123456789012</Account>", xml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Characters_that_XML_does_not_have_are_replaced()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var payload = System.Buffers.Text.Base64Url.EncodeToString("""{"sub":"a\u0001b"}"""u8);
        var (status, xml) = await RawHttp.StsAsync(
            simulator, $"Action=AssumeRoleWithWebIdentity&RoleArn={Role}&RoleSessionName=session&WebIdentityToken=e30.{payload}.c2ln");
        Assert.Equal(200, status);
        Assert.Contains("a\uFFFDb", System.Xml.Linq.XDocument.Parse(xml).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("throttle", "Throttling", "Rate exceeded", 400)]
    [InlineData("accessDenied", "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource", 403)]
    public async Task Faults_speak_as_STS_does(string kind, string code, string message, int status)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", $$"""{"operation": "AssumeRole", "kind": "{{kind}}"}""");
        await KmsAssert.FailsAsync(code, message, () => simulator.AssumeAsync(Role), status);
    }

    private static string Code(string xml) =>
        System.Xml.Linq.XDocument.Parse(xml).Descendants().Single(element => element.Name.LocalName == "Code").Value;
}
