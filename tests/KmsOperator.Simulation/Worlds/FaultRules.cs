namespace KmsOperator.Simulation.Worlds;

/// <summary>What goes wrong with a request.</summary>
internal enum RequestFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The connection breaks before the request arrives.</summary>
    LostBefore,

    /// <summary>The request has its effect; its answer is lost.</summary>
    LostAfter,

    /// <summary>It arrives after its sender has given it up.</summary>
    Slow,

    /// <summary>The answer comes some seconds late.</summary>
    Late,

    /// <summary>The server fails, without effect.</summary>
    ServerError,

    /// <summary>Too many requests, without effect.</summary>
    Throttled,

    /// <summary>AWS denies it (the API server: answers with a conflict).</summary>
    Refused,
}

/// <summary>Faults that are still to come.</summary>
internal sealed class FaultRules
{
    private readonly List<Rule> _rules = [];

    /// <summary>Lets the next requests of a name fail.</summary>
    /// <param name="operation">Its name (KMS's operation, or verb and plural of the API server's request), or <c>*</c>.</param>
    /// <param name="fault">What happens.</param>
    /// <param name="count">To how many requests.</param>
    public void Add(string operation, RequestFault fault, int count) => _rules.Add(new Rule(operation, fault) { Left = count });

    /// <summary>What happens to a request that is sent now.</summary>
    public RequestFault Next(string operation)
    {
        foreach (var rule in _rules)
        {
            if (rule.Operation != "*" && rule.Operation != operation)
                continue;
            if (--rule.Left == 0)
                _rules.Remove(rule);
            return rule.Fault;
        }

        return RequestFault.None;
    }

    /// <summary>Nothing fails any more.</summary>
    public void Clear() => _rules.Clear();

    private sealed class Rule(string operation, RequestFault fault)
    {
        public string Operation => operation;

        public RequestFault Fault => fault;

        public int Left { get; set; }
    }
}
