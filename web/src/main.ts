import { mount } from "svelte";
import App from "./App.svelte";
import { Service } from "./answers/service";
import "./theme.css";

const target = document.getElementById("app");
if (target === null) throw new Error("the page has no element #app.");
mount(App, { target, props: { answers: new Service() } });
