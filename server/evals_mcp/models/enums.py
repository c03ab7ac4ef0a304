"""The enums of the API: strict in requests, open (any text) in responses."""

from typing import Annotated, Any, Literal, get_args

from pydantic import WithJsonSchema

EvaluationStatus = Literal["pending", "running", "completed", "cancelled"]
LogStatus = Literal["complete", "incomplete"]
ArgumentsType = Literal["target_free", "target_required"]
ReturnType = Literal["boolean", "number", "select", "multi_select", "text"]
Valence = Literal["positive", "negative", "neutral"]
DatasetAction = Literal["set", "add", "remove"]
FileType = Literal["prompt", "tool", "dataset", "evaluator", "flow", "agent"]
FileSortBy = Literal["created_at", "updated_at", "name"]
SortOrder = Literal["asc", "desc"]
ModelEndpoint = Literal["complete", "chat", "edit"]
ModelProvider = Literal[
    "anthropic",
    "bedrock",
    "cohere",
    "deepseek",
    "google",
    "groq",
    "mock",
    "openai",
    "openai_azure",
    "replicate",
]
TemplateLanguage = Literal["default", "jinja"]
ReasoningEffort = Literal["high", "medium", "low"]
ChatRole = Literal["user", "assistant", "system", "tool", "developer"]
ToolType = Literal["pinecone_search", "google", "mock", "snippet", "json_schema", "get_api_call", "python"]
ResponseFormatType = Literal["json_object", "json_schema"]
ToolChoiceMode = Literal["none", "auto", "required"]
OnAgentCall = Literal["stop", "continue"]
EnvironmentTag = Literal["default", "other"]
MonitoringState = Literal["active", "inactive"]
VersionStatus = Literal["uncommitted", "committed", "deleted"]


def _open(words: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(get_args(words))})


OpenEvaluationStatus = Annotated[str, _open(EvaluationStatus)]
OpenLogStatus = Annotated[str, _open(LogStatus)]
OpenArgumentsType = Annotated[str, _open(ArgumentsType)]
OpenReturnType = Annotated[str, _open(ReturnType)]
OpenEnvironmentTag = Annotated[str, _open(EnvironmentTag)]
OpenModelEndpoint = Annotated[str, _open(ModelEndpoint)]
OpenModelProvider = Annotated[str, _open(ModelProvider)]
OpenTemplateLanguage = Annotated[str, _open(TemplateLanguage)]
OpenReasoningEffort = Annotated[str, _open(ReasoningEffort)]
OpenChatRole = Annotated[str, _open(ChatRole)]
OpenToolType = Annotated[str, _open(ToolType)]
OpenResponseFormatType = Annotated[str, _open(ResponseFormatType)]
OpenToolChoiceMode = Annotated[str, _open(ToolChoiceMode)]
OpenMonitoringState = Annotated[str, _open(MonitoringState)]
OpenVersionStatus = Annotated[str, _open(VersionStatus)]
