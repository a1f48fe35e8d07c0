using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Sts;

/// <summary>GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity.</summary>
/// <remarks>Source: AWS STS API reference.</remarks>
internal sealed partial class StsOperations(Simulation simulation)
{
    private const int DefaultSeconds = 3600;
    private const int MinSeconds = 900;
    private const int MaxSeconds = 43200;
    private const int MinToken = 4;
    private const int MaxToken = 20000;

    public static IEnumerable<XElement> GetCallerIdentity(Caller caller) =>
        [new("Arn", caller.Arn), new("UserId", caller.UserId), new("Account", caller.AccountId)];

    /// <summary>The caller may not do it.</summary>
    public static ServiceException Denied(Caller caller, string action, string resource) =>
        new("AccessDenied", $"User: {caller.Arn} is not authorized to perform: sts:{action} on resource: {resource}", 403);

    /// <summary>Whoever has the token may not do it.</summary>
    public static ServiceException WebIdentityDenied() =>
        new("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);

    public IEnumerable<XElement> AssumeRole(IReadOnlyDictionary<string, string> parameters, Caller caller)
    {
        var (role, session, seconds) = Read(parameters);
        if (parameters.TryGetValue("ExternalId", out var externalId) && !ExternalId().IsMatch(externalId))
            throw Errors.Violation(externalId, "externalId", @"Member must satisfy regular expression pattern: [\w+=,.@:\/-]{2,1224}");
        if (!Admits(role, externalId))
            throw Denied(caller, "AssumeRole", role.Text);
        return Session(role, session, seconds);
    }

    public IEnumerable<XElement> AssumeRoleWithWebIdentity(IReadOnlyDictionary<string, string> parameters)
    {
        var (role, session, seconds) = Read(parameters);
        var token = parameters.GetValueOrDefault("WebIdentityToken") ?? throw Missing("webIdentityToken");
        if (token.Length is < MinToken or > MaxToken)
            throw Errors.Violation(token, "webIdentityToken", $"Member must have length between {MinToken} and {MaxToken}");
        if (!Admits(role, null))
            throw WebIdentityDenied();
        var (subject, issuer, audience) = Claims(token);
        return
        [
            .. Session(role, session, seconds),
            new("SubjectFromWebIdentityToken", subject),
            new("Provider", issuer),
            new("Audience", audience),
        ];
    }

    private static (RoleArn Role, string Session, int Seconds) Read(IReadOnlyDictionary<string, string> parameters)
    {
        var arn = parameters.GetValueOrDefault("RoleArn") ?? throw Missing("roleArn");
        var session = parameters.GetValueOrDefault("RoleSessionName") ?? throw Missing("roleSessionName");
        if (!SessionName().IsMatch(session))
            throw Errors.Violation(session, "roleSessionName", @"Member must satisfy regular expression pattern: [\w+=,.@-]{2,64}");
        var seconds = DefaultSeconds;
        if (parameters.TryGetValue("DurationSeconds", out var duration)
            && (!int.TryParse(duration, CultureInfo.InvariantCulture, out seconds) || seconds is < MinSeconds or > MaxSeconds))
        {
            throw Errors.Violation(duration, "durationSeconds", $"Member must have value between {MinSeconds} and {MaxSeconds}");
        }

        return (RoleArn.Parse(arn) ?? throw Errors.Validation($"{Errors.Shown(arn)} is invalid"), session, seconds);
    }

    /// <summary>STS does not say whether a role exists.</summary>
    private bool Admits(RoleArn role, string? externalId) =>
        simulation.Principals.Exists(role.Text) && simulation.Roles.Admits(role.Text, externalId);

    private List<XElement> Session(RoleArn role, string session, int seconds)
    {
        var roleId = simulation.Principals.UniqueId(role.Text);
        var arn = $"arn:{role.Partition}:sts::{role.AccountId}:assumed-role/{role.Name}/{session}";
        var accessKeyId = simulation.Sessions.Add(new Caller(role.AccountId, arn, role.Text, $"{roleId}:{session}"));

        // In the time that passes by itself: clients compare it with their own clock, which /_sim/clock does not move.
        var expiration = simulation.Time.GetUtcNow().AddSeconds(seconds).UtcDateTime
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return
        [
            new(
                "Credentials",
                new XElement("AccessKeyId", accessKeyId),
                new XElement("SecretAccessKey", Convert.ToBase64String(RandomNumberGenerator.GetBytes(30))),
                new XElement("SessionToken", Convert.ToBase64String(RandomNumberGenerator.GetBytes(96))),
                new XElement("Expiration", expiration)),
            new("AssumedRoleUser", new XElement("AssumedRoleId", $"{roleId}:{session}"), new XElement("Arn", arn)),
        ];
    }

    /// <summary>What the token says, if it is a JSON Web Token. It is not verified.</summary>
    private static (string Subject, string Issuer, string Audience) Claims(string token)
    {
        try
        {
            var payload = token.Split('.') is [_, var part, _] ? System.Buffers.Text.Base64Url.DecodeFromChars(part) : "{}"u8.ToArray();
            using var json = JsonText.Parse(payload);
            return (Claim("sub"), Claim("iss"), Claim("aud"));

            string Claim(string name) => json.RootElement.TryGetProperty(name, out var value)
                ? (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 ? value[0] : value).ToString()
                : "unknown";
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return ("unknown", "unknown", "unknown");
        }
    }

    private static ServiceException Missing(string name) =>
        Errors.Validation($"1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null");

    [GeneratedRegex(@"^[A-Za-z0-9_+=,.@-]{2,64}\z")]
    private static partial Regex SessionName();

    [GeneratedRegex(@"^[A-Za-z0-9_+=,.@:/-]{2,1224}\z")]
    private static partial Regex ExternalId();
}
