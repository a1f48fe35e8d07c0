using System.Globalization;
using System.Xml.Linq;
using KmsSimulator.Model;
using KmsSimulator.Protocol;

namespace KmsSimulator.Sts;

/// <summary>GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity.</summary>
internal sealed class StsOperations(World world, CredentialStore credentials)
{
    private static readonly XNamespace Namespace = "https://sts.amazonaws.com/doc/2011-06-15/";

    /// <summary>Runs an action of the query protocol.</summary>
    /// <param name="action">The action.</param>
    /// <param name="parameters">The form.</param>
    /// <param name="caller">Who calls.</param>
    /// <param name="requestId">Id of the request.</param>
    /// <returns>The answer's XML.</returns>
    public XElement Run(string action, IReadOnlyDictionary<string, string> parameters, Caller caller, string requestId)
    {
        XElement[] result = action switch
        {
            "GetCallerIdentity" => [Element("Arn", caller.Arn), Element("UserId", caller.UserId), Element("Account", caller.AccountId)],
            "AssumeRole" => Assume(parameters, caller, isWebIdentity: false),
            "AssumeRoleWithWebIdentity" => Assume(parameters, caller, isWebIdentity: true),
            _ => throw new KmsException("InvalidAction", $"Could not find operation {action} for version 2011-06-15"),
        };
        return new XElement(
            Namespace + $"{action}Response",
            new XElement(Namespace + $"{action}Result", result),
            new XElement(Namespace + "ResponseMetadata", Element("RequestId", requestId)));
    }

    /// <summary>An error of the query protocol.</summary>
    public static XElement Error(KmsException error, string requestId) => new(
        Namespace + "ErrorResponse",
        new XElement(Namespace + "Error", Element("Type", "Sender"), Element("Code", error.Code), Element("Message", error.Message)),
        Element("RequestId", requestId));

    private XElement[] Assume(IReadOnlyDictionary<string, string> parameters, Caller caller, bool isWebIdentity)
    {
        var arn = Required(parameters, "RoleArn", 20, 2048);
        var session = Required(parameters, "RoleSessionName", 2, 64);
        if (!session.All(c => char.IsAsciiLetterOrDigit(c) || "_+=,.@-".Contains(c)))
        {
            throw KmsException.Validation($"1 validation error detected: Value '{session}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*");
        }

        if (CredentialStore.ParseRole(arn) is not { } role)
        {
            throw KmsException.Validation($"{arn} is invalid");
        }

        if (isWebIdentity && !parameters.ContainsKey("WebIdentityToken"))
        {
            throw new KmsException("InvalidIdentityToken", "No identity token was provided");
        }

        var rule = credentials.RuleFor(arn);
        if (rule.Deny || (rule.ExternalId is { } wanted && parameters.GetValueOrDefault("ExternalId") != wanted))
        {
            throw new KmsException("AccessDenied", $"User: {caller.Arn} is not authorized to perform: sts:{(isWebIdentity ? "AssumeRoleWithWebIdentity" : "AssumeRole")} on resource: {arn}", 403);
        }

        var seconds = int.TryParse(parameters.GetValueOrDefault("DurationSeconds", "3600"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is >= 900 and <= 43200
            ? given
            : throw KmsException.Validation("DurationSeconds is not within 900 to 43200");
        lock (world.Lock)
        {
            var accessKey = "ASIA" + world.Hex(16).ToUpperInvariant();
            var partition = arn.Split(':')[1];
            var roleId = "AROA" + world.Hex(16).ToUpperInvariant();
            var assumed = $"arn:{partition}:sts::{role.Account}:assumed-role/{role.Name}/{session}";
            credentials.Issue(accessKey, new Caller(role.Account, assumed, arn, $"{roleId}:{session}"));
            return
            [
                new XElement(
                    Namespace + "Credentials",
                    Element("AccessKeyId", accessKey),
                    Element("SecretAccessKey", world.Hex(40)),
                    Element("SessionToken", world.Hex(64)),
                    Element("Expiration", world.Clock.Now.AddSeconds(seconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))),
                new XElement(Namespace + "AssumedRoleUser", Element("AssumedRoleId", $"{roleId}:{session}"), Element("Arn", assumed)),
            ];
        }
    }

    private static string Required(IReadOnlyDictionary<string, string> parameters, string name, int min, int max) =>
        parameters.TryGetValue(name, out var value) && value.Length >= min && value.Length <= max
            ? value
            : throw KmsException.Validation($"1 validation error detected: Value at '{char.ToLowerInvariant(name[0]) + name[1..]}' failed to satisfy constraint: Member must have length between {min} and {max}");

    private static XElement Element(string name, string value) => new(Namespace + name, value);
}
