using System.Collections.Immutable;
using System.Text;
using System.Xml.Linq;
using KmsSimulator.Faults;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Sts;

/// <summary>STS's protocol, AWS Query with XML answers.</summary>
/// <remarks>Source: the protocol's specification in the Smithy documentation, "AWS query protocol".</remarks>
internal sealed class StsProtocol(Simulation simulation)
{
    private static readonly XNamespace Namespace = "https://sts.amazonaws.com/doc/2011-06-15/";
    private readonly StsOperations _operations = new(simulation);

    /// <summary>The operations that are simulated.</summary>
    public static ImmutableArray<string> Operations { get; } = ["GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity"];

    /// <summary>The error of a fault that was asked for, in STS's words.</summary>
    public static ServiceException Fault(FaultKind kind, Caller caller, string operation) => kind switch
    {
        FaultKind.Throttle => new("Throttling", "Rate exceeded"),
        FaultKind.AccessDenied => operation == "AssumeRoleWithWebIdentity"
            ? StsOperations.WebIdentityDenied()
            : StsOperations.Denied(caller, operation, "*"),
        _ => new("InternalFailure", "The request failed because of an internal error. You can retry it.", 500),
    };

    /// <summary>Runs an action. Only AssumeRoleWithWebIdentity takes unsigned requests.</summary>
    public WireAnswer Run(string action, IReadOnlyDictionary<string, string> parameters, Caller? caller, string requestId)
    {
        var result = (action, caller) switch
        {
            ("AssumeRoleWithWebIdentity", _) => _operations.AssumeRoleWithWebIdentity(parameters),
            ("AssumeRole" or "GetCallerIdentity", null) =>
                throw new ServiceException("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
            ("AssumeRole", _) => _operations.AssumeRole(parameters, caller),
            ("GetCallerIdentity", _) => StsOperations.GetCallerIdentity(caller),
            ("", _) => throw new ServiceException("MissingAction", "The request has no Action."),
            _ => throw new ServiceException("InvalidAction", $"Could not find operation {Errors.Shown(action)} for version 2011-06-15"),
        };
        return Write(200, new XElement(
            Namespace + $"{action}Response",
            new XElement(Namespace + $"{action}Result", result.Select(Qualify)),
            new XElement(Namespace + "ResponseMetadata", new XElement(Namespace + "RequestId", requestId))));
    }

    public static WireAnswer Write(ServiceException error, string requestId)
    {
        // STS has names of its own for what KMS calls …Exception.
        var (code, status) = error.Code switch
        {
            "ValidationException" => ("ValidationError", 400),
            "UnrecognizedClientException" => ("InvalidClientTokenId", 403),
            "KMSInternalException" => ("InternalFailure", 500),
            "IncompleteSignatureException" => ("IncompleteSignature", 400),
            "InvalidSignatureException" => ("SignatureDoesNotMatch", 403),
            var other => (other, error.Status),
        };
        return Write(status, new XElement(
            Namespace + "ErrorResponse",
            new XElement(
                Namespace + "Error",
                new XElement(Namespace + "Type", status < 500 ? "Sender" : "Receiver"),
                new XElement(Namespace + "Code", code),
                new XElement(Namespace + "Message", XmlText.Of(error.Message))),
            new XElement(Namespace + "RequestId", requestId)));
    }

    private static WireAnswer Write(int status, XElement xml) =>
        new(status, "text/xml", Encoding.UTF8.GetBytes(xml.ToString(SaveOptions.DisableFormatting)));

    private static XElement Qualify(XElement element) =>
        new(Namespace + element.Name.LocalName, element.HasElements ? element.Elements().Select(Qualify) : XmlText.Of(element.Value));
}
