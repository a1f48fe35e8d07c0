namespace KmsOperator.Planning.Cel;

/// <summary>A part of an expression.</summary>
/// <param name="Position">Index of the character that it is told by.</param>
/// <param name="Depth">How many nodes are above each other in it, itself included.</param>
internal abstract record CelNode(int Position, int Depth);

/// <summary>A value that is written down.</summary>
internal sealed record CelLiteral(int Position, CelValue Value) : CelNode(Position, 1);

/// <summary>A variable.</summary>
internal sealed record CelVariable(int Position, string Name) : CelNode(Position, 1);

/// <summary>A field: <c>a.b</c>, <c>a.?b</c>, or with <paramref name="IsTest"/> <c>has(a.b)</c>.</summary>
internal sealed record CelSelect(int Position, int Depth, CelNode Operand, string Field, bool IsOptional, bool IsTest) : CelNode(Position, Depth);

/// <summary>An item of a list or an entry of a map: <c>a[b]</c>, or <c>a[?b]</c>.</summary>
internal sealed record CelIndex(int Position, int Depth, CelNode Operand, CelNode Key, bool IsOptional) : CelNode(Position, Depth);

/// <summary>A call. What a method is called on is its first argument.</summary>
internal sealed record CelCall(int Position, int Depth, CelFunction Function, IReadOnlyList<CelNode> Arguments) : CelNode(Position, Depth);

/// <summary><c>!a</c> or <c>-a</c>.</summary>
internal sealed record CelUnary(int Position, int Depth, bool IsNot, CelNode Operand) : CelNode(Position, Depth);

/// <summary>Two values and a comparison or an arithmetic operator.</summary>
internal sealed record CelBinary(int Position, int Depth, string Operator, CelNode Left, CelNode Right) : CelNode(Position, Depth);

/// <summary>Two or more values with <c>||</c> or <c>&amp;&amp;</c> between them.</summary>
internal sealed record CelLogic(int Position, int Depth, bool IsOr, IReadOnlyList<CelNode> Parts) : CelNode(Position, Depth);

/// <summary><c>a ? b : c</c>.</summary>
internal sealed record CelConditional(int Position, int Depth, CelNode Condition, CelNode Then, CelNode Otherwise) : CelNode(Position, Depth);

/// <summary><c>[a, b]</c>.</summary>
internal sealed record CelNewList(int Position, int Depth, IReadOnlyList<CelNode> Items) : CelNode(Position, Depth);

/// <summary><c>{a: b}</c>.</summary>
internal sealed record CelNewMap(int Position, int Depth, IReadOnlyList<(CelNode Key, CelNode Value)> Entries) : CelNode(Position, Depth);

/// <summary>A macro over the items of a list or the keys of a map, or over an optional value.</summary>
/// <param name="Position">Index of the character that it is told by.</param>
/// <param name="Depth">How many nodes are above each other in it, itself included.</param>
/// <param name="Macro">Which one.</param>
/// <param name="Range">What it goes through.</param>
/// <param name="Variable">The name of the item in the other two.</param>
/// <param name="Condition">What must hold of an item; null for all items.</param>
/// <param name="Result">What an item comes to; null for the item itself.</param>
internal sealed record CelComprehension(int Position, int Depth, CelMacro Macro, CelNode Range, string Variable, CelNode? Condition, CelNode? Result)
    : CelNode(Position, Depth);
